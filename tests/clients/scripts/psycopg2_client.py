import io
import uuid

import psycopg2
import psycopg2.extras
import psycopg2.pool

from steps import LIFE, life, step

psycopg2.extras.register_uuid()
# libpq reads PGHOST and its like itself.
pool = psycopg2.pool.ThreadedConnectionPool(0, 2, "")


def rows(text, values=None, factory=None):
    connection = pool.getconn()
    try:
        with connection, connection.cursor(cursor_factory=factory) as cursor:
            cursor.execute(text, values)
            return [cursor.statusmessage, cursor.fetchall() if cursor.description else None]
    finally:
        pool.putconn(connection)


def with_connection(use):
    connection = pool.getconn()
    try:
        return use(connection)
    finally:
        pool.putconn(connection)


def savepoints(connection):
    seen = []
    with connection.cursor() as cursor:
        cursor.execute("insert into customer (email) values ('eve@example.com')")
        cursor.execute("savepoint one")
        try:
            cursor.execute("insert into customer (email) values ('eve@example.com')")
        except psycopg2.errors.UniqueViolation as error:
            seen.append(error.diag.constraint_name)
        cursor.execute("rollback to savepoint one")
        cursor.execute("select email from customer order by id")
        seen.append(cursor.fetchall())
    connection.rollback()
    return seen


def named_cursor(connection):
    with connection, connection.cursor("mine") as cursor:
        cursor.itersize = 1
        cursor.execute("select id, sku from item order by id")
        return [cursor.fetchone(), list(cursor)]


def copying(connection):
    with connection, connection.cursor() as cursor:
        cursor.copy_expert("copy item (sku, price) from stdin with (format csv)", io.StringIO("jug,1.00\nvase,\n"))
        out = io.StringIO()
        cursor.copy_expert("copy (select sku, price from item order by sku) to stdout", out)
        cursor.execute("delete from item where sku in ('jug', 'vase')")
        return [out.getvalue(), cursor.rowcount]


def many(connection):
    with connection, connection.cursor() as cursor:
        got = psycopg2.extras.execute_values(
            cursor, "insert into item (sku, price) values %s returning sku", [("m1", 1), ("m2", 2)], fetch=True
        )
        psycopg2.extras.execute_batch(cursor, "delete from item where sku = %s", [("m1",), ("m2",)])
        return got


def sessions(connection):
    connection.set_session(isolation_level="SERIALIZABLE", readonly=True)
    with connection, connection.cursor() as cursor:
        cursor.execute("show transaction_isolation")
        seen = cursor.fetchall()
    connection.set_session(isolation_level="DEFAULT", readonly="DEFAULT", autocommit=True)
    with connection.cursor() as cursor:
        cursor.execute("select 1")
    connection.autocommit = False
    return seen


def reset(connection):
    connection.reset()
    with connection.cursor() as cursor:
        cursor.execute("select 1")
        return cursor.fetchall()


def work():
    step("simple", lambda: rows("select 1 as one, 'ünï'"))
    step("parameters", lambda: rows("select %s + 1, %s, %s::uuid, %s", (1, "a'b\\", uuid.UUID(int=7), [1, 2])))
    step("all types", lambda: rows("select * from item order by id"))
    step("dictionaries", lambda: rows("select * from customer order by id", factory=psycopg2.extras.RealDictCursor))
    step("savepoints", lambda: with_connection(savepoints))
    step("insert returning", lambda: rows(
        "insert into item (sku, data, tags, token, blob) values (%s, %s, %s, %s, %s) returning *",
        ("cup", psycopg2.extras.Json({"a": 1}), ["a", "b"], uuid.UUID(int=7), psycopg2.Binary(b"\0\xff")),
    ))
    step("update", lambda: rows("update item set price = %s where sku = %s returning price", ("2.50", "cup")))
    step("delete", lambda: rows("delete from item where sku = %s returning sku", ("cup",)))
    step("unique violation", lambda: rows("insert into item (sku) values ('pan')"))
    step("syntax error", lambda: rows("selec 1"))
    step("unknown column", lambda: rows("select colour from item"))
    step("named cursor", lambda: with_connection(named_cursor))
    step("copy", lambda: with_connection(copying))
    step("many", lambda: with_connection(many))
    step("isolation and read-only", lambda: with_connection(sessions))
    step("reset", lambda: with_connection(reset))
    step("client_encoding", lambda: with_connection(lambda c: c.set_client_encoding("UTF8") or c.encoding))


if LIFE:
    life(lambda: rows("select 1"))
else:
    work()
