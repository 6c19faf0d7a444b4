import { expect, it } from "vitest";
import { checkScope, scopeSchema } from "../scope.ts";

const read = { "public.customers": { select: ["id", "email"] } };
const redact = { "public.customers.email": "redact" };

/** What is wrong with a scope, as its operator reads it. */
function problems(scope: object): readonly string[] {
  const parsed = scopeSchema.safeParse({ statements: ["select"], tables: read, ...scope });
  if (!parsed.success) return parsed.error.issues.map(({ path, message }) => `${path.join("/")}: ${message}`);
  return checkScope(parsed.data).map(({ path, message }) => `${path.join("/")}: ${message}`);
}

it("a mask is of a column that its operation lists for reading alone", () => {
  expect(problems({ mask: redact })).toEqual([]);
  expect(problems({ mask: redact, tables: { "public.customers": ["id", "email"] } })).toEqual([]);
  expect(
    problems({
      mask: redact,
      statements: ["select", "update", "delete"],
      tables: { "public.customers": { select: ["id", "email"], update: ["name"], delete: true } },
    }),
  ).toEqual([]);
});

it.each([
  [{ tables: { "public.orders": "all" } }, "which has no entry of its own under tables"],
  [{ tables: { "public.*": "all" } }, "which has no entry of its own under tables"],
  [{ tables: { "public.customers": "all" } }, "public.customers lets every column be read"],
  [{ tables: { "public.customers": { select: "all" } } }, "public.customers lets every column be read"],
  [
    { tables: { "public.customers": ["id"] } },
    "email is not among the columns of public.customers that may be read",
  ],
  [
    { statements: ["select", "delete"], tables: { "public.customers": { delete: true } } },
    "email of public.customers is never read",
  ],
  [
    { statements: ["copy_to"], tables: { "public.customers": ["id", "email"] } },
    "public.customers.email is never read: statements has no select",
  ],
  [
    { statements: ["select", "insert"], tables: { "public.customers": ["id", "email"] } },
    "email is masked, and this entry lets insert write it too",
  ],
  [
    {
      statements: ["select", "insert"],
      tables: { "public.customers": { select: ["email"], insert: "all" } },
    },
    "email is masked and stands in insert too: conflicts would tell its values",
  ],
  [
    {
      statements: ["select", "update"],
      tables: { "public.customers": { select: ["email"], update: ["email"] } },
    },
    "email is masked and stands in update too: conflicts would tell its values",
  ],
  [
    { tables: { "public.customers": { select: ["id", "email"], where: ["email"] } } },
    "email is masked and stands in where too: conditions would tell its values",
  ],
  [
    { tables: { "public.customers": { select: ["id", "email"], partitions: true } } },
    "public.customers grants its partitions by their own names",
  ],
])("refuses a mask where %j", (scope, message) => {
  expect(problems({ mask: redact, ...scope })).toEqual([
    expect.stringContaining(`mask/public.customers.email: `) as string,
  ]);
  expect(problems({ mask: redact, ...scope })[0]).toContain(message);
});

it.each([
  "hash",
  "partial",
  "REDACT",
  { partial: { keep: "last 0" } },
  { partial: { keep: "last 17" } },
  { partial: { keep: "middle 4" } },
  { partial: { keep: 4 } },
  { partial: { keep: "last 4" }, constant: "x" },
  { constant: null },
  { constant: "x".repeat(1001) },
  {},
  [],
  true,
])("knows no method %j", (method) => {
  const found = problems({ mask: { "public.customers.email": method } });
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^mask\/public\.customers\.email/u);
});

it.each([
  "email",
  "customers.email",
  "public.customers",
  "public.customers.doc.email",
  "public.*.email",
  "public.customers.*",
])("takes no column called %s", (column) => {
  expect(problems({ mask: { [column]: "redact" } })).toHaveLength(1);
});
