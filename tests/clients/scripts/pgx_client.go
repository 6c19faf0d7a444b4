// pgx with its own pool: one line of JSON a step, as the other scripts print it.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

var background = context.Background()

func show(name string, value any) {
	line, err := json.Marshal([]any{name, value})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(line))
}

func step(name string, act func() (any, error)) {
	value, err := act()
	var told *pgconn.PgError
	switch {
	case errors.As(err, &told):
		show(name, map[string]any{"error": []any{told.Code, told.Message, told.Detail, told.Position}})
	case err != nil:
		show(name, map[string]any{"error": err.Error()})
	default:
		show(name, value)
	}
}

type querier interface {
	Query(ctx context.Context, query string, args ...any) (pgx.Rows, error)
}

// all reads every row.
func all(db querier, query string, args ...any) (any, error) {
	rows, err := db.Query(background, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := []string{}
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			return nil, err
		}
		found = append(found, fmt.Sprintf("%v", values))
	}
	return found, rows.Err()
}

func work(pool *pgxpool.Pool) {
	query := func(text string, args ...any) func() (any, error) {
		return func() (any, error) { return all(pool, text, args...) }
	}
	step("simple", query("select 1 as one, 'ünï' as text"))
	step("parameters", query("select $1::int + 1, $2::text, $3::jsonb, $4::timestamptz", 1, "a'b", map[string]any{"a": []int{1}}, time.Unix(0, 0).UTC()))
	step("all types", query("select * from item order by id"))
	step("array", query("select sku from item where id = any ($1) order by id", []int32{1, 2}))
	step("simple protocol", query("select sku from item where id = $1", pgx.QuerySimpleProtocol(true), 1))
	step("insert returning", query("insert into item (sku, tags) values ($1, $2) returning sku, tags", "cup", []string{"a", `b"c`}))
	step("update", func() (any, error) {
		tag, err := pool.Exec(background, "update item set price = 4 where sku = $1", "cup")
		return string(tag), err
	})
	step("batch", func() (any, error) {
		batch := &pgx.Batch{}
		for id := 1; id <= 3; id++ {
			batch.Queue("select sku from item where id = $1", id)
		}
		results := pool.SendBatch(background, batch)
		defer results.Close()
		found := []string{}
		for id := 1; id <= 3; id++ {
			var sku string
			if err := results.QueryRow().Scan(&sku); err != nil {
				sku = err.Error()
			}
			found = append(found, sku)
		}
		return found, nil
	})
	step("transaction, savepoint, rollback", func() (any, error) {
		tx, err := pool.BeginTx(background, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
		if err != nil {
			return nil, err
		}
		defer tx.Rollback(background)
		inner, err := tx.Begin(background)
		if err != nil {
			return nil, err
		}
		_, doubled := inner.Exec(background, "insert into customer (email) values ('ada@example.com')")
		if err := inner.Rollback(background); err != nil {
			return nil, err
		}
		inside, err := all(tx, "select email from customer order by id")
		return []any{doubled.Error(), inside}, err
	})
	step("copy in", func() (any, error) {
		tx, err := pool.Begin(background)
		if err != nil {
			return nil, err
		}
		defer tx.Rollback(background)
		rows := pgx.CopyFromRows([][]any{{"x@example.com", nil}, {"y@example.com", "Y"}})
		return tx.CopyFrom(background, pgx.Identifier{"customer"}, []string{"email", "name"}, rows)
	})
	step("unique violation", query("insert into item (sku) values ('pan')"))
	step("syntax error", query("selec 1"))
	step("unknown column", query("select colour from item"))
	step("division by zero", query("select 1 / $1::int", 0))
	step("a cancelled query", func() (any, error) {
		soon, stop := context.WithTimeout(background, 300*time.Millisecond)
		defer stop()
		_, err := pool.Exec(soon, "select count(*) from generate_series(1, 1000000000)")
		return nil, err
	})
	step("after a cancel", query("select 1 as one"))
	step("delete", query("delete from item where sku = 'cup' returning sku"))
}

func main() {
	// Everything is in PGHOST and its like, which pgx reads itself.
	pool, err := pgxpool.Connect(background, "pool_max_conns=2")
	if err != nil {
		panic(err)
	}
	if os.Args[1] != "life" {
		work(pool)
		return
	}
	connection, err := pool.Acquire(background)
	if err != nil {
		panic(err)
	}
	held := func() (any, error) { return all(connection, "select 1 as one") }
	step("asked", held)
	show("ready", nil)
	bufio.NewReader(os.Stdin).ReadString('\n')
	step("ended", held)
	connection.Release()
	step("again", func() (any, error) { return all(pool, "select 1 as one") })
}
