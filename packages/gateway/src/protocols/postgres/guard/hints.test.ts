import { beforeAll, expect, it } from "vitest";
import type { Denial } from "../../../gate/protocol.ts";
import { scopeSchema } from "../scope.ts";
import { plainDatabase, withColumns, withHiddenPlans } from "./database.ts";
import { loadGrammar } from "./syntax/grammar.ts";
import { compileScopes } from "./verdicts.ts";

beforeAll(loadGrammar);

const scope = scopeSchema.parse({
  statements: ["select", "insert", "update", "delete"],
  tables: {
    "crm.contacts": { select: ["id", "account_id", "email", "tags"], update: ["email"], delete: true },
    "crm.tickets": { select: "all", insert: ["subject"], update: ["status"] },
    "crm.open_tickets": { select: "all" },
    "crm.notes": "all",
  },
});
const judge = compileScopes([{ name: "crm-db/desk", scope }], ["crm"]);
const database = withHiddenPlans(
  withColumns(plainDatabase, {
    columns: new Map([
      ["crm.tickets", ["id", "contact_id", "subject", "status"]],
      ["crm.notes", ["id", "ticket_id", "body"]],
    ]),
    arrays: new Map(),
  }),
  new Set(["crm.contacts", "crm.tickets", "crm.notes"]),
);

function denial(sql: string): Denial {
  const verdict = judge({ sql, database });
  if (verdict.kind === "permit") throw new Error(`permitted: ${sql}`);
  return verdict.denial;
}

it.each([
  [
    "SELECT id FROM tickets t WHERE EXISTS (SELECT 1 FROM contacts c WHERE c.id = contact_id)",
    "qualify it: t.contact_id",
    "SELECT id FROM tickets t WHERE EXISTS (SELECT 1 FROM contacts c WHERE c.id = t.contact_id)",
  ],
  [
    'SELECT (SELECT "Odd" FROM contacts LIMIT 1) FROM (SELECT 1 AS "Odd") "T"',
    'qualify it: "T"."Odd"',
    'SELECT (SELECT "T"."Odd" FROM contacts LIMIT 1) FROM (SELECT 1 AS "Odd") "T"',
  ],
  [
    "SELECT c.email, tag FROM contacts c, unnest(c.tags) AS tag",
    "give the function's column that name: AS tag(tag)",
    "SELECT c.email, tag FROM contacts c, unnest(c.tags) AS tag(tag)",
  ],
  [
    "SELECT to_jsonb(t) FROM tickets t JOIN contacts c ON c.id = t.contact_id",
    "write t.* if its whole row is meant",
    "SELECT to_jsonb(t.*) FROM tickets t JOIN contacts c ON c.id = t.contact_id",
  ],
  ["SELECT to_jsonb(c) FROM contacts c", "list those columns", "SELECT to_jsonb(c.email) FROM contacts c"],
  [
    "SELECT lower(email) AS part, upper(email) AS part FROM contacts GROUP BY part",
    "group by the expression itself, or by its position",
    "SELECT lower(email) AS part, upper(email) AS part FROM contacts GROUP BY lower(email), 2",
  ],
  [
    "SELECT 1, upper(email) AS part FROM contacts, unnest(tags) GROUP BY part",
    "group by its position, GROUP BY 2, or by the expression itself",
    "SELECT 1, upper(email) AS part FROM contacts, unnest(tags) GROUP BY 2",
  ],
  [
    "SELECT repeat('#', (count(*) / 100)::int) FROM tickets",
    "write the count as a number, or bound it: least(1000, …)::int",
    "SELECT repeat('#', least(1000, (count(*) / 100)::int)::int) FROM tickets",
  ],
  [
    "SELECT rpad(subject, id) FROM tickets",
    "write the count as a number, or bound it: least(1000, …)::int",
    "SELECT rpad(subject, least(1000, id)::int) FROM tickets",
  ],
  [
    "SELECT repeat(subject, 20000) FROM tickets",
    "make it shorter: a value that is not written in the statement counts as 1000 characters",
    "SELECT repeat(subject, 1000) FROM tickets",
  ],
  [
    "SELECT format(subject, id) FROM tickets",
    "write it as a constant: format('%s', …)",
    "SELECT format('%s', subject) FROM tickets",
  ],
  [
    "SELECT format('%100000s', subject) FROM tickets",
    "write a width of at most four digits: %20s",
    "SELECT format('%20s', subject) FROM tickets",
  ],
  [
    "EXPLAIN SELECT t.id FROM tickets t JOIN open_tickets USING (id)",
    "leave EXPLAIN out, or explain a statement without that table",
    "EXPLAIN SELECT t.id FROM tickets t",
  ],
  [
    "EXPLAIN EXECUTE asked",
    "explain the statement itself",
    "EXPLAIN SELECT t.id FROM tickets t JOIN contacts c ON c.id = t.contact_id",
  ],
])("%s is mended as its hint says", (sql, hint, mended) => {
  expect(denial(sql)).toMatchObject({ hint: expect.stringMatching(hintAlone(hint)) as string });
  expect(judge({ sql: mended, database })).toMatchObject({ kind: "permit" });
});

/** The advice by itself, or before what a grant covers. */
function hintAlone(advice: string): RegExp {
  return new RegExp(`^${advice.replaceAll(/[.*+?^$()[\]{}|\\]/gu, String.raw`\$&`)}(?:;|$)`, "u");
}

it.each([
  "UPDATE contacts SET email = 'x' WHERE id = 1 RETURNING ssn",
  "UPDATE contacts SET email = 'x' WHERE id = 1 RETURNING contacts.ssn",
  "DELETE FROM contacts c USING tickets t WHERE t.contact_id = c.id RETURNING ssn",
  "SELECT ssn FROM contacts c JOIN tickets t ON t.contact_id = c.id",
  "SELECT (SELECT ssn FROM tickets LIMIT 1) FROM contacts",
])("a name that can mean nothing else is refused as the column that it is: %s", (sql) => {
  expect(denial(sql)).toMatchObject({
    message: "column ssn of crm.contacts is not granted: id, account_id, email, tags are",
    remedy: "ask",
    hint: expect.not.stringContaining("qualify") as string,
  });
});

it("tells the kinds that are granted on the table, not those of the operation", () => {
  const { message, hint } = denial("DELETE FROM crm.tickets WHERE id = 1");
  expect(message).toBe(
    "delete on crm.tickets is not granted: crm-db/desk grants select, insert, update on it",
  );
  expect(hint).toContain("crm.tickets (select; insert subject; update status)");
  expect(denial("INSERT INTO open_tickets VALUES (1)").message).toMatch(/grants select on it$/u);
  expect(denial("DELETE FROM teams").message).toMatch(/^table crm\.teams is not granted/u);
});
