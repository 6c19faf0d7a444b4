import asyncio
import datetime
import uuid
from decimal import Decimal

import psycopg
from psycopg.rows import dict_row
from psycopg.types.enum import EnumInfo, register_enum
from psycopg.types import TypeInfo
from psycopg.types.json import Jsonb

from steps import LIFE, life, show, step

# psycopg reads PGHOST, PGSSLMODE and the rest through libpq.
held = None


def connection():
    global held
    if held is None or held.closed:
        held = psycopg.connect()
    return held


def rows(text, values=None, **options):
    with connection().transaction():
        with connection().cursor(**options) as cursor:
            cursor.execute(text, values)
            return [cursor.statusmessage, cursor.fetchall() if cursor.description else None]


def nested():
    seen = []
    try:
        with connection().transaction():
            connection().execute("insert into customer (email) values ('eve@example.com')")
            try:
                with connection().transaction():
                    connection().execute("insert into customer (email) values ('eve@example.com')")
            except psycopg.errors.UniqueViolation as error:
                seen.append(error.diag.constraint_name)
            seen.append(connection().execute("select email from customer order by id").fetchall())
            raise psycopg.Rollback()
    except psycopg.Rollback:
        pass
    seen.append(connection().execute("select email from customer order by id").fetchall())
    connection().commit()
    return seen


def pipeline():
    with connection().pipeline():
        first = connection().execute("select %s::int", (1,))
        second = connection().execute("select %s::text", ("two",))
        return [first.fetchall(), second.fetchall()]


def broken_pipeline():
    seen = []
    try:
        with connection().pipeline() as pipe:
            connection().execute("select 1")
            connection().execute("select 1 / 0")
            connection().execute("select 2")
            pipe.sync()
    except psycopg.errors.DivisionByZero as error:
        seen.append(str(error))
    connection().rollback()
    seen.append(connection().execute("select 3").fetchall())
    connection().commit()
    return seen


def server_cursor():
    with connection().transaction():
        with connection().cursor(name="mine") as cursor:
            cursor.itersize = 1
            cursor.execute("select id, sku from item order by id")
            first = cursor.fetchone()
            return [first, list(cursor)]


def copying():
    with connection().transaction():
        cursor = connection().cursor()
        with cursor.copy("copy item (sku, price) from stdin (format binary)") as copy:
            copy.set_types(["varchar", "numeric"])
            copy.write_row(("jug", Decimal("1.00")))
            copy.write_row(("vase", None))
        with cursor.copy("copy (select sku, price from item order by sku) to stdout") as copy:
            out = list(copy.rows())
        cursor.execute("delete from item where sku in ('jug', 'vase')")
        return [out, cursor.rowcount]


def many():
    with connection().transaction():
        cursor = connection().cursor()
        cursor.executemany("insert into item (sku, price) values (%s, %s) returning sku", [("m1", 1), ("m2", 2)], returning=True)
        seen = []
        while True:
            seen.append(cursor.fetchall())
            if not cursor.nextset():
                break
        cursor.executemany("delete from item where sku = %s", [("m1",), ("m2",)])
        return [seen, cursor.rowcount]


def prepared():
    return [rows("select sku from item where id = %s", (n,), row_factory=dict_row) for n in (1, 2, 1, 2, 1, 2, 1, 2)]


def stream():
    with connection().transaction():
        return list(connection().cursor().stream("select id from item order by id"))


def enumeration():
    info = EnumInfo.fetch(connection(), "mood")
    connection().commit()
    register_enum(info, connection())
    return [info.labels, [str(v) for v in rows("select feeling from item where id = 1")[1][0]]]


def type_info(name):
    info = TypeInfo.fetch(connection(), name)
    connection().commit()
    return None if info is None else info.name


def isolation():
    with psycopg.connect(autocommit=True) as one:
        one.isolation_level = psycopg.IsolationLevel.SERIALIZABLE
        one.read_only = True
        with one.transaction():
            return one.execute("show transaction_isolation").fetchall()


async def asynchronous():
    async with await psycopg.AsyncConnection.connect() as one:
        cursor = await one.execute("select %s::int", (1,))
        return await cursor.fetchall()


def work():
    step("simple", lambda: rows("select 1 as one, 'ünï'"))
    step("parameters", lambda: rows(
        "select %s + 1, %s, %s, %s, %s, %s",
        (1, "a'b", uuid.UUID(int=7), [1, 2], datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc), Jsonb({"a": 1})),
    ))
    step("binary", lambda: rows("select * from item order by id", binary=True))
    step("all types", lambda: rows("select * from item order by id"))
    step("nested transactions", nested)
    step("insert returning", lambda: rows(
        "insert into item (sku, data, tags, token, blob, price) values (%s, %s, %s, %s, %s, %s) returning *",
        ("cup", Jsonb({"a": 1}), ["a", "b"], uuid.UUID(int=7), b"\0\xff", Decimal("1.5")),
    ))
    step("update", lambda: rows("update item set price = %s where sku = %s returning price", (Decimal("2.50"), "cup")))
    step("delete", lambda: rows("delete from item where sku = %s returning sku", ("cup",)))
    step("unique violation", lambda: rows("insert into item (sku) values ('pan')"))
    step("syntax error", lambda: rows("selec 1"))
    step("unknown column", lambda: rows("select colour from item"))
    step("pipeline", pipeline)
    step("an error in a pipeline", broken_pipeline)
    step("server-side cursor", server_cursor)
    step("copy", copying)
    step("many", many)
    step("prepared by use", prepared)
    step("stream", stream)
    step("an enum's labels", enumeration)
    step("a type that is not there", lambda: type_info("hstore"))
    step("isolation and read-only", isolation)
    step("asyncio", lambda: asyncio.run(asynchronous()))


if LIFE:
    life(lambda: rows("select 1"))
else:
    work()
show("done", None)
