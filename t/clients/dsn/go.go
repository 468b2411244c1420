// SPDX-License-Identifier: PostgreSQL
// lib/pq, or pgx, with a connection string: what a query answers.

package main

import (
	"database/sql"
	"fmt"
	"os"

	_ "github.com/jackc/pgx/v4/stdlib"
	_ "github.com/lib/pq"
)

func main() {
	var value string

	db, err := sql.Open(os.Args[1], os.Args[3])
	if err == nil {
		err = db.QueryRow(os.Args[2]).Scan(&value)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(value)
}
