// SPDX-License-Identifier: PostgreSQL

// A client that uses database/sql; lib_pq.go or pgx_*.go, compiled with it,
// says which driver.  See t/lib/PgJump/Client.pm.
package main

import (
	"bufio"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
)

var db *sql.DB

var escape = strings.NewReplacer("\\", "\\\\", "\n", "\\n", "\t", "\\t")

func answer(what string, fields ...string) {
	fmt.Print(what)
	for _, field := range fields {
		fmt.Print("\t", escape.Replace(field))
	}
	fmt.Println()
}

func quoted(value string) string {
	return "'" + strings.NewReplacer("\\", "\\\\", "'", "\\'").Replace(value) + "'"
}

func disconnect() {
	if db != nil {
		db.Close()
	}
	db = nil
}

// HOST PORT USER PASSWORD DBNAME SSLMODE ROOT
func connect(with []string) (err error) {
	var words []string
	for i, name := range []string{"host", "port", "user", "password",
		"dbname", "sslmode", "sslrootcert"} {
		if with[i] != "" {
			words = append(words, name+"="+quoted(with[i]))
		}
	}
	if db, err = sql.Open(driver, strings.Join(words, " ")); err != nil {
		return err
	}
	db.SetMaxOpenConns(1)
	return db.Ping()
}

// With an argument the extended protocol is spoken, else the simple one.
func query(text string, arguments []string) (string, error) {
	var value sql.NullString
	var any []interface{}

	for _, argument := range arguments {
		any = append(any, argument)
	}
	if !strings.HasPrefix(text, "select") {
		_, err := db.Exec(text, any...)
		return "", err
	}
	err := db.QueryRow(text, any...).Scan(&value)
	if err == sql.ErrNoRows {
		err = nil
	}
	return value.String, err
}

func obey(with []string) (string, error) {
	if with[0] == "query" {
		return query(with[1], with[2:])
	}
	disconnect()
	if with[0] == "connect" {
		return "", connect(with[1:])
	}
	return "", nil
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		value, err := obey(strings.Split(in.Text(), "\t"))
		if err == nil {
			answer("ok", value)
			continue
		}
		var known interface{ SQLState() string }
		state := ""
		if errors.As(err, &known) {
			state = known.SQLState()
		}
		answer("error", state, err.Error())
	}
}
