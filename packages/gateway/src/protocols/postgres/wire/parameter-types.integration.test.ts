// tier: gate
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { types } from "../guard/expressions/builtin.ts";
import { isParameterType } from "./parameter-types.ts";

let postgres: EmbeddedPostgres;
let client: pg.Client;

beforeAll(async () => {
  postgres = await startPostgres();
  client = new pg.Client({ connectionString: postgres.url() });
  await client.connect();
  await client.query(
    "create table secrets (id int, ssn text); create type mood as enum ('sad'); create domain d as int",
  );
});

afterAll(async () => {
  await client.end();
  await postgres.stop();
});

test("a declared type is one that the guard permits in casts, or an array of one; every other type of the database is refused", async () => {
  const { rows } = await client.query<{ oid: number; name: string; element: string | null; schema: string }>(
    `select t.oid::int8::int as oid, t.typname as name, e.typname as element, n.nspname as schema
     from pg_type t left join pg_type e on e.typarray = t.oid join pg_namespace n on n.oid = t.typnamespace`,
  );
  expect(rows.length).toBeGreaterThan(600);
  const wrong = rows.filter(({ oid, name, element, schema }) => {
    // A cast of a constant to regtype is judged as a look-up; a declared parameter would be one without a cast.
    const isLookup = name === "regtype" || element === "regtype";
    const isPermitted =
      schema === "pg_catalog" &&
      !isLookup &&
      (types.has(name) || types.has(element ?? "") || name === "unknown");
    return isParameterType(oid) !== isPermitted;
  });
  expect(wrong).toEqual([]);
  for (const name of [
    "secrets",
    "_secrets",
    "mood",
    "d",
    "_regclass",
    "regclass",
    "aclitem",
    "_aclitem",
    "record",
    "pg_class",
  ])
    expect(
      rows.find((row) => row.name === name && isParameterType(row.oid)),
      name,
    ).toBeUndefined();
  expect(isParameterType(0)).toBe(true);
});
