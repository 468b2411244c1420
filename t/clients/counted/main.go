// SPDX-License-Identifier: PostgreSQL

// Counted runs one statement once through database/sql and lib/pq and says how
// that went.  The statement inserts a row with the given tag after a while;
// the test counts the rows.
//
//	counted DSN simple|extended TAG SECONDS
package main

import (
	"database/sql"
	"fmt"
	"os"

	_ "github.com/lib/pq"
)

func insert(db *sql.DB, protocol, tag, seconds string) error {
	if protocol == "extended" {
		_, err := db.Exec("insert into counted"+
			" select $1::text from pg_sleep($2::float8)", tag, seconds)
		return err
	}
	_, err := db.Exec(fmt.Sprintf("insert into counted"+
		" select '%s' from pg_sleep(%s)", tag, seconds))
	return err
}

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr,
			"usage: counted DSN simple|extended TAG SECONDS")
		os.Exit(2)
	}
	db, err := sql.Open("postgres", os.Args[1])
	if err == nil {
		err = insert(db, os.Args[2], os.Args[3], os.Args[4])
	}
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	fmt.Println("ok")
}
