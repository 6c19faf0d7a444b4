import asyncio
import datetime
import json
import sys
import uuid
from decimal import Decimal

import asyncpg

from steps import LIFE, astep, show


async def life(ask):
    await astep("asked", ask)
    show("ready", None)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await astep("ended", ask)
    await astep("again", ask)


def plain(records):
    return [dict(record) for record in records]


async def main():
    # asyncpg reads PGHOST, PGSSLMODE and the rest itself.
    pool = await asyncpg.create_pool(min_size=0, max_size=2)

    async def rows(text, *values):
        return plain(await pool.fetch(text, *values))

    async def savepoints():
        seen = []
        async with pool.acquire() as connection:
            try:
                async with connection.transaction(isolation="repeatable_read"):
                    await connection.execute("insert into customer (email) values ('eve@example.com')")
                    try:
                        async with connection.transaction():
                            await connection.execute("insert into customer (email) values ('eve@example.com')")
                    except asyncpg.UniqueViolationError as error:
                        seen.append(error.constraint_name)
                    seen.append(plain(await connection.fetch("select email from customer order by id")))
                    raise RuntimeError("changed my mind")
            except RuntimeError as error:
                seen.append(str(error))
        seen.append(await rows("select email from customer order by id"))
        return seen

    async def cursor():
        async with pool.acquire() as connection, connection.transaction():
            first = await connection.cursor("select id, sku from item order by id")
            seen = [plain(await first.fetch(1))]
            async for record in connection.cursor("select id from item order by id", prefetch=1):
                seen.append(dict(record))
            return seen

    async def copying():
        async with pool.acquire() as connection:
            seen = [await connection.copy_records_to_table("item", records=[("jug", Decimal("1.00"))], columns=["sku", "price"])]
            out = bytearray()

            async def take(data):
                out.extend(data)

            seen.append(await connection.copy_from_query("select sku from item order by sku", output=take))
            seen.append(out.decode())
            seen.append(await connection.execute("delete from item where sku = 'jug'"))
            return seen

    async def prepared():
        async with pool.acquire() as connection:
            statement = await connection.prepare("select sku from item where id = $1")
            return [
                [str(p.name) for p in statement.get_parameters()],
                [(a.name, a.type.name) for a in statement.get_attributes()],
                await statement.fetchval(1),
                await statement.fetchval(2),
            ]

    async def many():
        await pool.executemany("insert into item (sku, price) values ($1, $2)", [("m1", Decimal(1)), ("m2", Decimal(2))])
        return await pool.execute("delete from item where sku = any ($1)", ["m1", "m2"])

    async def codecs():
        async with pool.acquire() as connection:
            await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
            return plain(await connection.fetch("select data, $1::jsonb as given from item where id = 1", {"b": [1]}))

    async def releases():
        seen = []
        for _ in range(3):
            async with pool.acquire() as connection:
                seen.append(await connection.fetchval("show application_name") == "mine")
                await connection.execute("set application_name to 'mine'")
        return seen

    async def enum_codec():
        async with pool.acquire() as connection:
            await connection.set_type_codec("mood", encoder=str, decoder=lambda v: v.upper(), format="text")
            return plain(await connection.fetch("select feeling from item where id = 1"))

    async def settings():
        one = await asyncpg.connect(server_settings={"application_name": "mine", "timezone": "Europe/Berlin", "jit": "off"})
        try:
            return [await one.fetchval("show timezone"), await one.fetchval("show application_name")]
        finally:
            await one.close()

    if LIFE:
        await life(lambda: rows("select 1 as one"))
        return
    without_enums = "select id, sku, price, tags, counts, data, made, day, token, blob, span, big, ratio, active from item order by id"
    await astep("simple", lambda: rows("select 1 as one, 'ünï' as text"))
    await astep("parameters", lambda: rows(
        "select $1::int + 1 as n, $2::text as t, $3::uuid as u, $4::int[] as a, $5::timestamptz as at, $6::interval as i",
        1, "a'b", uuid.UUID(int=7), [1, 2], datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc), datetime.timedelta(hours=1),
    ))
    await astep("all types but the enum", lambda: rows(without_enums))
    await astep("savepoints", savepoints)
    await astep("insert returning", lambda: rows(
        "insert into item (sku, data, tags, token, blob, price) values ($1, $2, $3, $4, $5, $6) returning id, sku, data, tags, price",
        "cup", '{"a": 1}', ["a", "b"], uuid.UUID(int=7), b"\0\xff", Decimal("1.5"),
    ))
    await astep("update", lambda: rows("update item set price = $1 where sku = $2 returning price", Decimal("2.50"), "cup"))
    await astep("delete", lambda: rows("delete from item where sku = $1 returning sku", "cup"))
    await astep("unique violation", lambda: rows("insert into item (sku) values ('pan')"))
    await astep("syntax error", lambda: rows("selec 1"))
    await astep("unknown column", lambda: rows("select colour from item"))
    await astep("cursor", cursor)
    await astep("copy", copying)
    await astep("prepared", prepared)
    await astep("many", many)
    await astep("codecs", codecs)
    await astep("releases", releases)
    await astep("start-up settings", settings)
    await astep("an enum column", lambda: rows("select feeling from item order by id"))
    await astep("an array of an enum", lambda: rows("select feelings from item order by id"))
    await astep("an enum parameter", lambda: rows("select sku from item where feeling = $1", "happy"))
    await astep("a codec for an enum", enum_codec)
    await pool.close()


asyncio.run(main())
