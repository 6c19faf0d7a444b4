// tier: full
// What an agent of a support desk writes: which of it a grant of some tables whole and some in part refuses.
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../../kernel/clock.ts";
import { createJudging } from "../relay/judging.ts";
import { scopeSchema } from "../scope.ts";
import { createScoped, type Scoped } from "../testing/scoped.ts";
import { targetOf } from "../testing/target.ts";
import { makeCertificate, type TestCertificate } from "../testing/wire.ts";
import { databaseNow } from "../upstream/database-now.ts";
import { loadGrammar } from "./syntax/grammar.ts";
import { trial } from "./trial.ts";

const read = (name: string): string =>
  readFileSync(new URL(`../../../../../../tests/corpus/${name}`, import.meta.url), "utf8");
const statements = read("postgres-agent.sql")
  .replaceAll(/^--.*\n/gmu, "")
  .split(/;\n/u)
  .map((sql) => sql.trim())
  .filter((sql) => sql !== "");

const scope = {
  statements: ["select", "insert", "update", "delete", "copy_to"],
  tables: {
    "crm.accounts": { select: ["id", "name", "plan", "country", "mrr", "created_at", "tags", "settings"] },
    "crm.contacts": { select: ["id", "account_id", "email", "full_name", "locale", "created_at"] },
    "crm.staff": { select: ["id", "name", "team_id", "manager_id", "active", "hired_on", "skills"] },
    "crm.products": { select: ["id", "sku", "name", "category", "price", "attributes"] },
    "crm.teams": { select: "all" },
    "crm.ticket_events": { select: "all" },
    "crm.orders": { select: "all" },
    "crm.order_lines": { select: "all" },
    "crm.open_tickets": { select: "all" },
    "crm.tickets": {
      select: "all",
      insert: ["account_id", "contact_id", "subject", "body", "priority", "channel"],
      update: ["assignee_id", "status", "priority", "tags", "custom", "updated_at"],
    },
    "crm.notes": { select: "all", insert: "all", update: "all", delete: true },
    "crm.saved_replies": { select: "all", insert: "all", update: "all", delete: true },
  },
};

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let direct: pg.Client;
let client: pg.Client;
let scoped: Scoped;
const judging = createJudging();

beforeAll(async () => {
  await loadGrammar();
  certificate = await makeCertificate();
  postgres = await startPostgres();
  await postgres.run(read("postgres-agent.schema.sql"));
  direct = new pg.Client({ connectionString: postgres.url() });
  await direct.connect();
  await direct.query("SET search_path = crm");
  scoped = createScoped(() => targetOf(postgres, { search_path: ["crm"] }), certificate, judging);
  ({ client } = await scoped.under(scope));
});

afterAll(async () => {
  await scoped.close();
  judging.stop();
  await direct.end();
  await postgres.stop();
  certificate.remove();
});

interface Outcome {
  readonly rows: string;
  readonly error?: pg.DatabaseError;
}

/** What comes of a statement in a transaction that is rolled back. One with parameters is prepared alone. */
async function outcome(of: pg.Client, sql: string): Promise<Outcome> {
  const isPrepared = /\$\d/u.test(sql) && !sql.startsWith("PREPARE");
  await of.query("BEGIN");
  try {
    const answers = [await of.query(isPrepared ? `PREPARE asked AS ${sql}` : sql)].flat();
    return { rows: answers.map(({ command, rowCount }) => `${command} ${rowCount}`).join(", ") };
  } catch (error) {
    return { rows: "failed", error: error as pg.DatabaseError };
  } finally {
    await of.query("ROLLBACK");
    if (isPrepared) await of.query("DEALLOCATE ALL");
  }
}

/** What is refused, in the set's own words, with its hint and what follows from that. */
const refused: readonly (readonly [sql: RegExp, hint: string, mended: (sql: string) => string])[] = [
  [
    /^SELECT p\.sku, size FROM products p, jsonb_array_elements_text/u,
    "give the function's column that name: AS size(size)",
    (sql) => sql.replace("AS size", "AS size(size)"),
  ],
  [
    /^WITH RECURSIVE chain AS .* repeat\('  ', depth - 1\)/u,
    "write the count as a number, or bound it: least(1000, …)::int",
    (sql) => sql.replace("depth - 1)", "least(1000, depth - 1)::int)"),
  ],
  [
    /repeat\('#', \(count\(\*\) \/ 2\)::int\) AS bar/u,
    "write the count as a number, or bound it: least(1000, …)::int",
    (sql) => sql.replace("(count(*) / 2)::int", "least(1000, count(*) / 2)::int"),
  ],
];
/** A statement that counts what the catalogue tells of a table's hidden columns too. */
const shownInPart = /^SELECT a\.attname, format_type/u;

test("an agent's statements come out as on a direct connection, but for those that a hint mends", async () => {
  const invalid: string[] = [];
  const otherwise: string[] = [];
  const denied: {
    readonly sql: string;
    readonly code: string | undefined;
    readonly hint: string | undefined;
  }[] = [];
  for (const sql of statements) {
    const expected = await outcome(direct, sql);
    const { rows, error } = await outcome(client, sql);
    if (expected.error !== undefined) invalid.push(sql);
    if (error !== undefined) denied.push({ sql, code: error.code, hint: error.hint });
    else if (rows !== expected.rows) otherwise.push(sql);
  }
  expect(statements.length).toBe(157);
  expect(invalid).toEqual([]);
  expect(otherwise).toEqual([expect.stringMatching(shownInPart)]);
  expect(denied).toEqual(
    refused.map(([sql, hint]) => ({ sql: expect.stringMatching(sql) as string, code: "42501", hint })),
  );
});

test.each(refused)("%s is permitted as its hint says", async (pattern, _, mended) => {
  const sql = statements.find((each) => pattern.test(each)) ?? "";
  const other = await outcome(client, mended(sql));
  expect(other).toEqual(await outcome(direct, sql));
  expect(mended(sql)).not.toBe(sql);
});

test("a name in GROUP BY means the output column, also where a hidden column of that name is made later", async () => {
  const sql = "SELECT upper(country) AS tax_number, count(*) AS n FROM accounts GROUP BY tax_number";
  const other = "SELECT upper(country) AS later, count(*) AS n FROM accounts GROUP BY later";
  const { rows } = await direct.query("SELECT upper(country) AS c, count(*) AS n FROM accounts GROUP BY 1");
  await expect(direct.query(sql)).rejects.toThrow("must appear in the GROUP BY clause");
  expect(await outcome(client, sql)).toEqual({ rows: `SELECT ${rows.length}` });
  await direct.query("ALTER TABLE accounts ADD later int");
  await expect(direct.query(other)).rejects.toThrow("must appear in the GROUP BY clause");
  expect(await outcome(client, other)).toEqual({ rows: `SELECT ${rows.length}` });
  await direct.query("ALTER TABLE accounts DROP later");
});

test("mayflyd judge --online says what a session would", async () => {
  const target = targetOf(postgres, { search_path: ["crm"] });
  const scopes = [{ name: "crm-db/desk", scope: scopeSchema.parse(scope) }];
  const judge = trial(
    scopes,
    ["crm"],
    databaseNow(target, scopes, systemClock, new AbortController().signal),
  );
  const verdicts = await Promise.all(
    [
      "SELECT a.name, tag FROM accounts a, unnest(a.tags) AS tag",
      "SELECT date_trunc('month', o.placed_at) AS month FROM orders o, accounts GROUP BY month",
      "EXPLAIN SELECT id FROM tickets",
      "EXPLAIN SELECT id FROM open_tickets",
    ].map(judge),
  );
  expect(verdicts.map(({ kind }) => kind)).toEqual(["permit", "permit", "permit", "deny"]);
});
