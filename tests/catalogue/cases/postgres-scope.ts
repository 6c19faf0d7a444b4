import { judge } from "../acts/judge.ts";
import type { Case } from "../case.ts";
import { inScope, scopeOf } from "../document.ts";

type Row = readonly [
  member: string | readonly string[],
  narrow: unknown,
  wide: unknown,
  sql: string,
  rule: RegExp,
  scope?: object,
];

const all = { "public.orders": "all", "public.customers": "all" };
const kinds = ["select", "insert", "update", "delete", "copy_to", "copy_from"];
const without = (kind: string): readonly string[] => kinds.filter((each) => each !== kind);
const statements = /^orders\/read: statements \|/;
const columns = /^orders\/read: columns \|/;
const orders = ["tables", "public.orders"];

const rows: readonly Row[] = [
  [
    "mask",
    { "public.orders.status": "redact" },
    {},
    "SELECT lower(status) FROM orders",
    columns,
    { select: ["id", "status"] },
  ],
  ["statements", without("select"), kinds, "SELECT id FROM orders", statements],
  ["statements", without("insert"), kinds, "INSERT INTO orders (id) VALUES (1)", statements],
  ["statements", without("update"), kinds, "UPDATE orders SET status = 'x' WHERE id = 1", statements],
  ["statements", without("delete"), kinds, "DELETE FROM orders WHERE id = 1", statements],
  ["statements", without("copy_to"), kinds, "COPY orders TO STDOUT", statements],
  ["statements", without("copy_from"), kinds, "COPY orders FROM STDIN", statements],
  ["tables", { "public.customers": "all" }, all, "SELECT id FROM orders", /^orders\/read: tables \|/],
  [orders, ["id"], "all", "SELECT status FROM orders", columns],
  [orders, { select: ["id"] }, "all", "SELECT status FROM orders", columns],
  [[...orders, "select"], ["id"], "all", "SELECT status FROM orders", columns, { select: "all" }],
  [[...orders, "insert"], ["id"], "all", "INSERT INTO orders (status) VALUES ('x')", columns, {}],
  [[...orders, "update"], ["id"], "all", "UPDATE orders SET status = 'x'", columns, {}],
  [
    [...orders, "delete"],
    undefined,
    true,
    "DELETE FROM orders WHERE id = 1",
    /^orders\/read: statements \| delete on public.orders/,
    { select: "all" },
  ],
  [
    [...orders, "where"],
    ["id"],
    ["id", "status"],
    "UPDATE orders SET status = 'x' WHERE status = 'y'",
    columns,
    { update: ["status"] },
  ],
  [
    "functions",
    undefined,
    ["public.total"],
    "SELECT public.total(id) FROM orders",
    /^orders\/read: functions \|/,
  ],
  ["types", undefined, ["public.colour"], "SELECT id::public.colour FROM orders", /^orders\/read: types \|/],
  ["catalog", false, true, "SELECT relname FROM pg_catalog.pg_class", /^orders\/read: catalog \|/],
  ["catalog", false, "granted", "SELECT relname FROM pg_catalog.pg_class", /^orders\/read: catalog \|/],
  [
    "catalog",
    "granted",
    true,
    "EXPLAIN SELECT relname FROM pg_catalog.pg_class",
    /^orders\/read: catalog \|/,
  ],
  ["temporary_tables", undefined, true, "CREATE TEMPORARY TABLE found (id int)", statements],
  // Whatever a masked column is shown as, nothing is computed of it.
  ...[
    "redact",
    "null",
    "email",
    "year",
    null,
    { partial: { keep: "last 4" } },
    { constant: "hidden" },
    { constant: 0 },
    { constant: false },
  ].map((method): Row => [
    ["mask", "public.orders.status"],
    method,
    undefined,
    "SELECT lower(status) FROM orders",
    columns,
    { select: ["id", "status"] },
  ]),
  ["require_where", true, false, "DELETE FROM orders", /^orders\/read: require_where \|/],
];

export const postgresScope: readonly Case[] = rows.map(([member, narrow, wide, sql, refused, table]) => ({
  at: inScope("orders", ...(typeof member === "string" ? [member] : member)),
  narrow,
  wide,
  refused,
  act: judge("orders", sql),
  base: scopeOf("orders", {
    statements: kinds,
    tables: table === undefined ? all : { ...all, "public.orders": table },
    mask: {},
  }),
}));
