// SPDX-License-Identifier: PostgreSQL

package main

import _ "github.com/lib/pq"

const driver = "postgres"
