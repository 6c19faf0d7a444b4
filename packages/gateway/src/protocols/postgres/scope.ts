import * as z from "zod";
import { parseDuration } from "../../kernel/durations.ts";
import { isCatalogue } from "./guard/catalogue.ts";
import { functions as builtinFunctions, ungrantable } from "./guard/builtin.ts";

/** Statement kinds that an operation can grant. All others are never granted. */
export const statementKinds = ["select", "insert", "update", "delete", "copy_to", "copy_from"] as const;
export type StatementKind = (typeof statementKinds)[number];

/** `schema.name`, each part as PostgreSQL stores it: 1 to 63 bytes, lower case unless the name was made with quotes. */
const qualified = z
  .string()
  .regex(
    /^[^."\s\0]{1,63}\.[^."\0]{1,63}$/u,
    "a name needs its schema: schema.name, for example public.orders",
  );
const columnName = z.string().min(1).max(63);
const columns = z.union([z.literal("all"), z.array(columnName).min(1)]);

const tableSchema = z.union([
  columns,
  z.strictObject({
    select: columns.optional(),
    insert: columns.optional(),
    update: columns.optional(),
    delete: z.literal(true).optional(),
    where: z.array(columnName).min(1).optional(),
  }),
]);

const durationSchema = z.string().transform((text, context) => {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  context.addIssue({ code: "custom", message: "a duration such as 500ms, 30s or 5m is expected" });
  return z.NEVER;
});

/** What one operation on a PostgreSQL connection may say. `docs/postgres-scopes.md` explains every member. */
export const scopeSchema = z.strictObject({
  /** Kinds of statements. */
  statements: z.array(z.enum(statementKinds)).min(1),
  /** Tables and views by `schema.name`, with what may be used of each. */
  tables: z.record(qualified, tableSchema).default({}),
  /** Further functions by `schema.name`; what they do is the operator's to know. */
  functions: z.array(qualified).default([]),
  /** Further types by `schema.name`, for casts. */
  types: z.array(qualified).default([]),
  /** Opens the catalogue: the names and structure of everything in the database. */
  catalog: z.boolean().default(false),
  /** An update or delete must find its rows by a key column, compared with a value. */
  require_where: z.boolean().default(false),
  /** The longest that one statement may run upstream, milliseconds once parsed. */
  timeout: durationSchema.optional(),
});

/** A scope, parsed. */
export type PostgresScope = z.output<typeof scopeSchema>;
export type TableScope = z.output<typeof tableSchema>;

/** Members of the design that are not built yet; a configuration that names one is refused. */
export const notEnforceable: readonly string[] = ["mask", "rows", "role"];

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

/** Problems that the schema cannot see: members that contradict each other or can never matter. */
export function checkScope(scope: PostgresScope): readonly Problem[] {
  const problems: Problem[] = [];
  const granted = new Set<StatementKind>(scope.statements);
  const writesRows = granted.has("update") || granted.has("delete");
  if (scope.require_where && !writesRows)
    problems.push({
      path: ["require_where"],
      message: "require_where is about update and delete, and this operation grants neither",
      hint: "remove require_where, or add update or delete to statements",
    });
  for (const [name, table] of Object.entries(scope.tables)) {
    const path = ["tables", name];
    if (isCatalogue(name.slice(0, name.indexOf("."))))
      problems.push({
        path,
        message: `${name} belongs to the catalogue, which tables cannot open`,
        hint: "use catalog: true",
      });
    if (typeof table === "string" || Array.isArray(table)) continue;
    for (const [use, kinds] of uses) {
      if (table[use] !== undefined && !kinds.some((kind) => granted.has(kind)))
        problems.push({
          path: [...path, use],
          message: `${use} on ${name} can never be used: statements has no ${kinds.join(" or ")}`,
          hint: `add ${kinds[0]} to statements, or remove it here`,
        });
    }
    if (uses.every(([use]) => table[use] === undefined))
      problems.push({
        path,
        message: `${name} grants nothing`,
        hint: "name select, insert, update or delete",
      });
  }
  if (Object.keys(scope.tables).length === 0 && scope.functions.length === 0 && !scope.catalog)
    problems.push({
      path: ["tables"],
      message: "the operation reaches no table",
      hint: "list tables as schema.name, or set catalog: true",
    });
  for (const [index, name] of scope.functions.entries()) {
    const [schema, bare = ""] = name.split(".");
    if (schema !== "pg_catalog") continue;
    if (ungrantable.test(bare))
      problems.push({
        path: ["functions", index],
        message: `${name} can reach past every scope, so no scope can grant it`,
      });
    else if (builtinFunctions.has(bare))
      problems.push({
        path: ["functions", index],
        message: `${name} is permitted always`,
        hint: "remove it here",
      });
  }
  return problems;
}

const uses = [
  ["select", ["select", "copy_to", "update", "delete"]],
  ["insert", ["insert", "copy_from"]],
  ["update", ["update"]],
  ["delete", ["delete"]],
] as const satisfies readonly (readonly [string, readonly StatementKind[]])[];
