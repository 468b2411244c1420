// SPDX-License-Identifier: PostgreSQL

package main

import _ "github.com/jackc/pgx/v4/stdlib"

const driver = "pgx"
