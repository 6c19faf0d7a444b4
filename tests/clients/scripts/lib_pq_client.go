// lib/pq through database/sql: one line of JSON a step, as the other scripts print it.
package main

import (
	"bufio"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/lib/pq"
)

func show(name string, value any) {
	line, err := json.Marshal([]any{name, value})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func step(name string, act func() (any, error)) {
	value, err := act()
	var told *pq.Error
	switch {
	case errors.As(err, &told):
		show(name, map[string]any{"error": []string{string(told.Code), told.Message, told.Detail, told.Position}})
	case err != nil:
		show(name, map[string]any{"error": err.Error()})
	default:
		show(name, value)
	}
}

type querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

var background = context.Background()

// all reads every row, each value with the name of its type.
func all(db querier, query string, args ...any) (any, error) {
	rows, err := db.QueryContext(background, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	types, err := rows.ColumnTypes()
	if err != nil {
		return nil, err
	}
	found := [][]string{}
	for rows.Next() {
		values := make([]any, len(types))
		places := make([]any, len(types))
		for at := range values {
			places[at] = &values[at]
		}
		if err := rows.Scan(places...); err != nil {
			return nil, err
		}
		row := []string{}
		for at, value := range values {
			if bytes, isBytes := value.([]byte); isBytes {
				value = hex.EncodeToString(bytes)
			}
			row = append(row, fmt.Sprintf("%s %v", types[at].DatabaseTypeName(), value))
		}
		found = append(found, row)
	}
	return found, rows.Err()
}

func work(db *sql.DB) {
	query := func(text string, args ...any) func() (any, error) {
		return func() (any, error) { return all(db, text, args...) }
	}
	step("simple", query("select 1 as one, 'ünï' as text"))
	step("parameters", query("select $1::int + 1, $2::text, $3::numeric, $4::jsonb", 1, "a'b", "1.50", `{"a": [1]}`))
	step("all types", query("select * from item order by id"))
	step("array", query("select sku from item where id = any ($1) order by id", pq.Array([]int{1, 2})))
	step("prepared", func() (any, error) {
		statement, err := db.Prepare("select sku from item where id = $1")
		if err != nil {
			return nil, err
		}
		defer statement.Close()
		skus := []string{}
		for _, id := range []int{1, 2} {
			var sku string
			if err := statement.QueryRow(id).Scan(&sku); err != nil {
				return nil, err
			}
			skus = append(skus, sku)
		}
		return skus, nil
	})
	step("insert returning", query("insert into item (sku, price, tags) values ($1, $2, $3) returning sku, price, tags", "cup", "3.10", pq.Array([]string{"a", `b"c`})))
	step("update", func() (any, error) {
		result, err := db.Exec("update item set price = price + 1 where sku = $1", "cup")
		if err != nil {
			return nil, err
		}
		return result.RowsAffected()
	})
	step("transaction, savepoint, rollback", func() (any, error) {
		tx, err := db.BeginTx(background, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
		if err != nil {
			return nil, err
		}
		for _, text := range []string{"insert into customer (email) values ('eve@example.com')", "savepoint one"} {
			if _, err := tx.Exec(text); err != nil {
				return nil, err
			}
		}
		_, doubled := tx.Exec("insert into customer (email) values ('eve@example.com')")
		if _, err := tx.Exec("rollback to savepoint one"); err != nil {
			return nil, err
		}
		inside, err := all(tx, "select email from customer order by id")
		if err != nil {
			return nil, err
		}
		if err := tx.Rollback(); err != nil {
			return nil, err
		}
		after, err := all(db, "select email from customer order by id")
		return []any{doubled.Error(), inside, after}, err
	})
	step("read-only transaction", func() (any, error) {
		tx, err := db.BeginTx(background, &sql.TxOptions{ReadOnly: true})
		if err != nil {
			return nil, err
		}
		defer tx.Rollback()
		return all(tx, "show transaction_read_only")
	})
	step("copy in", func() (any, error) {
		tx, err := db.Begin()
		if err != nil {
			return nil, err
		}
		defer tx.Rollback()
		copying, err := tx.Prepare(pq.CopyIn("customer", "email", "name"))
		if err != nil {
			return nil, err
		}
		for _, email := range []string{"x@example.com", "y@example.com"} {
			if _, err := copying.Exec(email, nil); err != nil {
				return nil, err
			}
		}
		if _, err := copying.Exec(); err != nil {
			return nil, err
		}
		if err := copying.Close(); err != nil {
			return nil, err
		}
		return all(tx, "select email, name from customer order by id")
	})
	step("several statements", query("select 1 as a; select 2 as b"))
	step("unique violation", query("insert into item (sku) values ('pan')"))
	step("syntax error", query("selec 1"))
	step("unknown column", query("select colour from item"))
	step("division by zero", query("select 1 / $1::int", 0))
	step("a cancelled query", func() (any, error) {
		soon, stop := context.WithTimeout(background, 300*time.Millisecond)
		defer stop()
		_, err := db.ExecContext(soon, "select count(*) from generate_series(1, 1000000000)")
		return nil, err
	})
	step("after a cancel", query("select 1 as one"))
	step("reset", func() (any, error) {
		_, err := db.Exec("discard all")
		return nil, err
	})
	step("delete", query("delete from item where sku = 'cup' returning sku"))
}

func main() {
	// Everything is in PGHOST and its like, which lib/pq reads itself.
	db, err := sql.Open("postgres", "")
	if err != nil {
		panic(err)
	}
	db.SetMaxOpenConns(2)
	if os.Args[1] != "life" {
		work(db)
		return
	}
	ask := func() (any, error) { return all(db, "select 1 as one") }
	connection, err := db.Conn(background)
	if err != nil {
		panic(err)
	}
	held := func() (any, error) { return all(connection, "select 1 as one") }
	step("asked", held)
	show("ready", nil)
	bufio.NewReader(os.Stdin).ReadString('\n')
	step("ended", held)
	connection.Close()
	step("again", ask)
}
