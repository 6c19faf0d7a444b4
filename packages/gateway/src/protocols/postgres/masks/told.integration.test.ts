// tier: full
import pg from "pg";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import type { MaskedOutput } from "../act.ts";
import { loadGrammar } from "../guard/syntax/grammar.ts";
import { compileScopes } from "../guard/verdicts.ts";
import { scopeSchema } from "../scope.ts";
import { sentBy } from "../testing/sent.ts";
import { stageFacts } from "../testing/oracle/oracle.ts";
import { chance } from "../testing/oracle/random.ts";
import { quoted, scopes, stage } from "../testing/oracle/stage.ts";
import { type Candidate, statements } from "../testing/oracle/statements.ts";

/**
 * Two databases that differ in the values of a masked column and in nothing else. Whatever statement is permitted has to give
 * the same from both: rows, their order, errors; but for the outputs that are the column itself, which are just those that
 * the gateway masks. Statements are made at random, as for the guard's oracle.
 */
const MASKED = "shop.customers.email";
/** Always the same statements, so that a run that fails fails again. */
const SEED = 20_261_207;
const PERMITTED = 20_000;

let server: EmbeddedPostgres;
const databases: { client: pg.Client; relation: number; attnum: number }[] = [];

/** The same rows, with these values where it matters. */
const filled = (emails: readonly (string | null)[]): string => `
  INSERT INTO shop.customers (id, name, email, ssn)
    SELECT n, 'name ' || n, (ARRAY[${emails.map((email) => (email === null ? "NULL" : `'${email}'`)).join(", ")}])[n], 'x' FROM generate_series(1, 6) n;
  INSERT INTO shop.accounts (id, owner) SELECT n, 'owner ' || n FROM generate_series(1, 3) n;
  INSERT INTO shop.orders SELECT n, n, n * 7 % 5, 'note ' || n, 'open', ARRAY['a', 'b' || n], '{"a": 1}' FROM generate_series(1, 5) n;
  INSERT INTO shop.jobs VALUES (1, 'shop.orders', 'job');
  SET search_path = public, pg_temp; SET statement_timeout = '100ms'; SET max_parallel_workers_per_gather = 0`;

beforeAll(async () => {
  await loadGrammar();
  server = await startPostgres();
  const values = [
    ["canary e", "canary d", null, "canary c", "canary b", "canary a"],
    ["1", "name 2", null, "zz canary", "canary", "2020-01-01 and a good deal longer than the others"],
  ];
  for (const [index, emails] of values.entries()) {
    await server.run(`CREATE DATABASE told_${index}`);
    await server.run(stage, `told_${index}`);
    const client = new pg.Client({
      connectionString: server.url(`told_${index}`),
      types: { getTypeParser: () => (value: unknown) => value },
    });
    await client.connect();
    await client.query(
      `DO $$DECLARE t text; BEGIN FOREACH t IN ARRAY ARRAY['customers', 'accounts', 'orders', 'jobs'] LOOP
         EXECUTE format('ALTER TABLE shop.%I SET (autovacuum_enabled = off)', t); END LOOP; END$$`,
    );
    await client.query(filled(emails));
    const { rows } = await client.query<{ relation: string; attnum: string }>(
      `SELECT attrelid::text AS relation, attnum::text AS attnum FROM pg_attribute
       WHERE attrelid = 'shop.customers'::regclass AND attname = 'email'`,
    );
    databases.push({ client, relation: Number(rows[0]?.relation), attnum: Number(rows[0]?.attnum) });
  }
}, 60_000);

afterAll(async () => {
  for (const { client } of databases) await client.end();
  await server.stop();
});

interface Answer {
  /** What of it does not come from the masked column, or the error. */
  readonly told: string;
  /** Its outputs that come from there. */
  readonly masked: readonly string[];
}

async function answerOf(
  { client, relation, attnum }: (typeof databases)[number],
  sql: string,
): Promise<Answer> {
  await client.query("BEGIN");
  try {
    const { rows, fields, rowCount } = await client.query<unknown[]>({ text: sql, rowMode: "array" });
    const isMasked = fields.map(({ tableID, columnID }) => tableID === relation && columnID === attnum);
    return {
      told: JSON.stringify([rowCount, rows.map((row) => row.filter((_, place) => isMasked[place] !== true))]),
      masked: fields.filter((_, place) => isMasked[place]).map(({ name }) => name),
    };
  } catch (error) {
    return { told: String((error as { code?: string }).code), masked: [] };
  } finally {
    await client.query("ROLLBACK");
  }
}

/** What may leave of a statement, and what of it is masked. */
type Guard = (candidate: Candidate) => { sent: string; outputs: readonly MaskedOutput[] } | undefined;

function guardOf(isMasking: boolean): Guard {
  const column = databases[0];
  if (column === undefined) throw new Error("no database");
  const { relation, attnum } = column;
  const about = {
    relation,
    attnum,
    type: 25,
    kind: "text",
    typeName: "text",
    labels: [],
    kin: [],
    views: [],
  } as const;
  const database = { ...stageFacts, key: "told", masks: new Map([[MASKED, about]]) };
  const judges = new Map(
    Object.entries(scopes).map(([name, scope]) => {
      const mask = isMasking && scope.statements.includes("select") ? { [MASKED]: "redact" as const } : {};
      return [name, compileScopes([{ name: `shop/${name}`, scope: scopeSchema.parse({ ...scope, mask }) }])];
    }),
  );
  return ({ sql, scope }) => {
    const verdict = judges.get(scope)?.({ sql, database });
    const sent = verdict && sentBy(verdict, sql);
    if (sent === undefined || verdict?.kind !== "permit") return undefined;
    return { sent, outputs: verdict.cover.masks?.[0]?.outputs ?? [] };
  };
}

interface Figures {
  permitted: number;
  /** Of these the ones that give the column. */
  giving: number;
  /** Statements from which the two databases can be told apart, or whose masked outputs are others. */
  readonly told: string[];
}

/** Statements of which many give the column, beside what they hold. */
function giving(): () => Candidate {
  const make = statements(SEED);
  const { often, pick } = chance(SEED);
  return () => {
    const candidate = make();
    if (candidate.scope !== "read" || often(50)) return candidate;
    const { sql } = candidate;
    const name = quoted(pick(["x", "id", "email", "name", "ssn"]));
    const order = pick([
      "",
      " ORDER BY 1",
      ` ORDER BY ${name}`,
      " ORDER BY email",
      " ORDER BY z.id",
      " ORDER BY z.name",
    ]);
    const given = pick([
      "z.email",
      `z.email AS ${name}`,
      "email",
      `z.id, z.email AS ${name}`,
      "z.email, shop.customers.email",
    ]);
    const from = pick(["shop.customers z", "shop.customers z", "shop.customers, shop.customers z"]);
    const around = [
      `SELECT ${given}, q.* FROM ${from}, (${sql}) q${order}`,
      `SELECT ${given} FROM ${from} WHERE EXISTS (${sql})${order}`,
      `SELECT ${given} FROM ${from} JOIN (${sql}) q ON true${order}`,
      `SELECT ${given} FROM ${from} LEFT JOIN shop.orders o ON o.id = z.id${order} LIMIT 3`,
      `SELECT ${pick(["", "", "DISTINCT "])}${given} FROM ${from}${order}`,
      `SELECT ${given} FROM ${from}${pick(["", " GROUP BY z.id", " GROUP BY 1"])}`,
      `SELECT ${given}, (${sql} LIMIT 1) FROM ${from}${order}`,
      `(SELECT ${given} FROM ${from}) ${pick(["UNION ALL", "UNION"])} SELECT 'x'`,
    ];
    return { ...candidate, sql: pick(around) };
  };
}

async function search(guard: Guard, isEnough: (figures: Figures) => boolean): Promise<Figures> {
  const make = giving();
  const figures: Figures = { permitted: 0, giving: 0, told: [] };
  while (!isEnough(figures)) {
    const candidate = make();
    // What a sample holds is chance.
    if (candidate.constructs.has("sample")) continue;
    const found = guard(candidate);
    if (found === undefined) continue;
    const [one, other] = await Promise.all(databases.map((database) => answerOf(database, found.sent)));
    // A recursion without an end.
    if ([one, other].some((answer) => answer?.told === "57014")) continue;
    figures.permitted += 1;
    const names = found.outputs.map(({ name }) => name);
    if (names.length > 0) figures.giving += 1;
    const isSame = one?.told === other?.told;
    const isAsSaid = !one?.told.startsWith("[") || JSON.stringify(one.masked) === JSON.stringify(names);
    if (!isSame || !isAsSaid) figures.told.push(candidate.sql);
  }
  return figures;
}

it("nothing that is permitted tells of a masked column's values, and what it gives of them is masked", async () => {
  const figures = await search(guardOf(true), ({ permitted }) => permitted >= PERMITTED);
  expect(figures.told, `seed ${SEED}`).toEqual([]);
  expect(figures.giving).toBeGreaterThan(PERMITTED / 20);
}, 900_000);

it("a guard that masks nothing is found", async () => {
  const figures = await search(
    guardOf(false),
    ({ told, permitted }) => told.length > 20 || permitted > PERMITTED,
  );
  expect(figures.told.length).toBeGreaterThan(20);
}, 600_000);
