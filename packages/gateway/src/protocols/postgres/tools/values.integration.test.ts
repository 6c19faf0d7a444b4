// tier: gate
import { startPostgres } from "@mayfly/testing/postgres.ts";
import pg from "pg";
import { expect, test } from "vitest";
import { typeName } from "./values.ts";

test("the names of built-in types are the server's", async () => {
  const postgres = await startPostgres();
  try {
    const client = new pg.Client({ connectionString: postgres.url() });
    await client.connect();
    const { rows } = await client.query<{ oid: number; name: string }>(
      `select t.oid::int, coalesce(e.typname || '[]', t.typname) as name
       from pg_type t left join pg_type e on t.typcategory = 'A' and e.oid = t.typelem`,
    );
    await client.end();
    const known = rows.filter(({ oid }) => typeName(oid) !== String(oid));
    expect(known.length).toBeGreaterThan(80);
    expect(known.filter(({ oid, name }) => typeName(oid) !== name)).toEqual([]);
  } finally {
    await postgres.stop();
  }
});
