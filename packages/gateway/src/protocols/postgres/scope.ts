import * as z from "zod";
import { duration } from "../../kernel/durations.ts";
import { isCatalogue } from "./guard/names/catalogue.ts";
import { checkMembers } from "./scope-members.ts";
import { maskedName, methodSchema } from "./masks/method.ts";
import { functions as builtinFunctions, ungrantable } from "./guard/expressions/builtin.ts";

/** Statement kinds that an operation can grant. All others are never granted. */
export const statementKinds = [
  "select",
  "insert",
  "update",
  "delete",
  "copy_to",
  "copy_from",
  "call",
  "truncate",
  "refresh",
  "listen",
  "notify",
] as const;
export type StatementKind = (typeof statementKinds)[number];

/** Those that change no data. */
export const readingKinds: ReadonlySet<StatementKind> = new Set(["select", "copy_to", "listen", "notify"]);

/** `schema.name`, each part as PostgreSQL stores it: 1 to 63 bytes, lower case unless the name was made with quotes. */
const qualified = z
  .string()
  .regex(
    /^[^."\s\0*]{1,63}\.[^."\0*]{1,63}$/u,
    "a name needs its schema: schema.name, for example public.orders",
  );
/** The same, or a pattern of such names. */
const namesOf = z
  .string()
  .regex(
    /^[^."\s\0*]{1,63}\.(?:[^."\0*]{1,63}|[^."\0*]{0,62}\*)$/u,
    "a name needs its schema: schema.name, for example public.orders; a pattern ends with its only star: public.order_*",
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
    truncate: z.literal(true).optional(),
    refresh: z.literal(true).optional(),
    partitions: z.literal(true).optional(),
    where: z.array(columnName).min(1).optional(),
    /** Of a view that is no `security_barrier`: what it leaves out may be told. */
    leaky_view: z.literal("accepted").optional(),
  }),
]);

/** A setting of an application's own (guc.c, valid_custom_variable_name), in ASCII, as PostgreSQL folds it. */
const settingPattern = /^[a-z_][a-z0-9_$]{0,62}(?:\.[a-z_][a-z0-9_$]{0,62}){1,3}$/u;

/** The longest `timeout` of a statement: a day. */
const MAX_STATEMENT_MS = 86_400_000;

/** What one operation on a PostgreSQL connection may say. `docs/postgres-scopes.md` explains every member. */
export const scopeSchema = z.strictObject({
  /** Kinds of statements. */
  statements: z.array(z.enum(statementKinds)).min(1),
  /** Tables and views by `schema.name` or pattern, with what may be used of each. */
  tables: z.record(namesOf, tableSchema).default({}),
  /** Further functions by `schema.name` or pattern; what they do is the operator's to know. */
  functions: z.array(namesOf).default([]),
  /** Procedures that CALL may run, by `schema.name` or pattern. */
  procedures: z.array(namesOf).default([]),
  /** Names that no pattern of this operation covers, by `schema.name` or pattern. */
  except: z.array(namesOf).default([]),
  /** Further types by `schema.name`, for casts. */
  types: z.array(qualified).default([]),
  /** Extensions whose operators, functions and types may be used. */
  extensions: z.array(z.string().min(1).max(63)).default([]),
  /** Channels of LISTEN and NOTIFY. */
  channels: z.array(z.string().regex(/^[^\0]{1,63}$/u, "a channel's name")).default([]),
  /** Settings of the application's own that may be changed and read, `app.tenant` for example. */
  settings: z
    .array(z.string().regex(settingPattern, "a setting of your own in lower case, with a dot: app.tenant"))
    .default([]),
  /** Temporary tables of the session's own: made, filled, read and dropped. */
  temporary_tables: z.boolean().default(false),
  /** What the catalogue shows: the structure of what is granted, of everything in the database, or of nothing. */
  catalog: z.union([z.boolean(), z.literal("granted")]).default("granted"),
  /** Updates and deletes must select rows by a key column, compared with a value. */
  require_where: z.boolean().default(false),
  /** What is shown in the place of columns' values, by `schema.table.column`. */
  mask: z.record(maskedName, methodSchema).default({}),
  /** The longest that one statement may run upstream, milliseconds once parsed. */
  timeout: duration(1, MAX_STATEMENT_MS).optional(),
});

/** A scope, parsed. */
export type PostgresScope = z.output<typeof scopeSchema>;
export type TableScope = z.output<typeof tableSchema>;

/** Members that are planned and not built yet; a configuration that names one is refused. */
export const notEnforceable: readonly string[] = ["rows", "role"];

/** Members that came after 0.1.0: see `ProtocolSchema.laterMembers`. */
export const laterMembers: readonly string[] = [
  "procedures",
  "except",
  "extensions",
  "channels",
  "settings",
  "temporary_tables",
  "mask",
];

export interface Problem {
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
        hint: "name select, insert, update, delete, truncate or refresh",
      });
  }
  if (
    Object.keys(scope.tables).length === 0 &&
    scope.functions.length === 0 &&
    scope.procedures.length === 0 &&
    scope.channels.length === 0 &&
    !scope.temporary_tables &&
    scope.catalog !== true
  )
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
  return [...problems, ...checkMembers(scope)];
}

const uses = [
  // Of an insert, what RETURNING and ON CONFLICT look at.
  ["select", ["select", "copy_to", "update", "delete", "insert"]],
  ["insert", ["insert", "copy_from"]],
  ["update", ["update"]],
  ["delete", ["delete"]],
  ["truncate", ["truncate"]],
  ["refresh", ["refresh"]],
] as const satisfies readonly (readonly [string, readonly StatementKind[]])[];
