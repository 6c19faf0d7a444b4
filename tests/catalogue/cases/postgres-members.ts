import { nothingFound } from "../../../packages/gateway/src/protocols/postgres/guard/found/found.ts";
import { plainDatabase, withFound } from "../../../packages/gateway/src/protocols/postgres/guard/database.ts";
import { judge, judgeAct } from "../acts/judge.ts";
import type { Case, Document } from "../case.ts";
import { inScope } from "../document.ts";

/** What the database is found to have: with it alone some members mean anything. */
const leaky = { ...plainDatabase, key: "leaky", leakyViews: new Set(["public.orders_view"]) };
const database = withFound(leaky, {
  ...nothingFound,
  key: "the catalogue's",
  relations: new Set(["public.orders", "public.payroll"]),
  partitions: new Map([["public.orders", new Set(["public.orders_1"])]]),
  operators: {
    full: new Map([["public.%%", new Set(["hstore"])]]),
    bare: new Map([["%%", new Set(["hstore"])]]),
  },
});

interface Row {
  readonly member: readonly (string | number)[];
  readonly narrow: unknown;
  readonly wide: unknown;
  readonly sql: string;
  readonly rule: RegExp;
  readonly scope: object;
  /** What the wide half's value cannot stand without. */
  readonly wideAlso?: object;
}

const listed = { "public.orders": { select: "all" }, "public.other": { truncate: true, refresh: true } };
const kinds = ["select", "truncate", "refresh"];

const rows: readonly Row[] = [
  ...(["truncate", "refresh"] as const).map((kind): Row => ({
    member: ["statements"],
    narrow: ["select", kind === "truncate" ? "refresh" : "truncate"],
    wide: kinds,
    sql: kind === "truncate" ? "TRUNCATE other" : "REFRESH MATERIALIZED VIEW other",
    rule: new RegExp(`^orders/read: statements \\| ${kind} `, "u"),
    scope: {
      tables: { "public.other": { select: "all", [kind === "truncate" ? "refresh" : "truncate"]: true } },
    },
    wideAlso: { tables: { "public.other": { select: "all", truncate: true, refresh: true } } },
  })),
  {
    member: ["statements"],
    narrow: ["select"],
    wide: ["select", "call"],
    sql: "CALL public.bump(1)",
    rule: /^orders\/read: statements \| call is not granted/u,
    scope: { tables: { "public.orders": "all" } },
    wideAlso: { procedures: ["public.bump"] },
  },
  {
    member: ["statements"],
    narrow: ["notify"],
    wide: ["notify", "listen"],
    sql: "LISTEN orders",
    rule: /^orders\/read: statements \| listen is not granted/u,
    scope: { channels: ["orders"] },
  },
  {
    member: ["statements"],
    narrow: ["listen"],
    wide: ["notify", "listen"],
    sql: "NOTIFY orders, 'x'",
    rule: /^orders\/read: statements \| notify is not granted/u,
    scope: { channels: ["orders"] },
  },
  {
    member: ["channels"],
    narrow: ["other"],
    wide: ["other", "orders"],
    sql: "LISTEN orders",
    rule: /^orders\/read: tables \| listen on channel orders/u,
    scope: { statements: ["listen"] },
  },
  {
    member: ["procedures"],
    narrow: ["public.other"],
    wide: ["public.b*"],
    sql: "CALL public.bump(1)",
    rule: /^orders\/read: functions \| procedure public.bump/u,
    scope: { statements: ["call"] },
  },
  {
    member: ["tables"],
    narrow: { "public.x*": "all" },
    wide: { "public.*": "all" },
    sql: "SELECT id FROM orders",
    rule: /^orders\/read: tables \|/u,
    scope: { statements: ["select"] },
  },
  {
    member: ["except"],
    narrow: ["public.pay*"],
    wide: ["public.nothing"],
    sql: "SELECT id FROM payroll",
    rule: /^orders\/read: tables \|/u,
    scope: { statements: ["select"], tables: { "public.*": "all" } },
  },
  ...(["truncate", "refresh"] as const).map((use): Row => ({
    member: ["tables", "public.orders", use],
    narrow: undefined,
    wide: true,
    sql: use === "truncate" ? "TRUNCATE orders" : "REFRESH MATERIALIZED VIEW orders",
    rule: new RegExp(`^orders/read: statements \\| ${use} on public.orders`, "u"),
    scope: { statements: kinds, tables: listed },
  })),
  {
    member: ["tables", "public.orders", "partitions"],
    narrow: undefined,
    wide: true,
    sql: "SELECT id FROM orders_1",
    rule: /^orders\/read: tables \| table public.orders_1/u,
    scope: { statements: kinds, tables: listed },
  },
  {
    member: ["tables", "public.orders_view", "leaky_view"],
    narrow: undefined,
    wide: "accepted",
    sql: "SELECT id FROM orders_view",
    rule: /^orders\/read: tables \| a statement could learn of the rows that view public.orders_view leaves out/u,
    scope: { statements: kinds, tables: { ...listed, "public.orders_view": { select: "all" } } },
  },
  {
    member: ["extensions"],
    narrow: ["citext"],
    wide: ["hstore"],
    sql: "SELECT %% 'a=>1'",
    rule: /^orders\/read: operators \|/u,
    scope: { statements: ["select"], tables: { "public.orders": "all" } },
  },
  {
    member: ["settings"],
    narrow: ["app.other"],
    wide: ["app.tenant"],
    sql: "SET app.tenant = '7'",
    rule: /^orders\/read: settings \|/u,
    scope: { statements: ["select"], tables: { "public.orders": "all" } },
  },
];

/** Those that mean something without a database are judged without one too, as `mayflyd judge` does. */
const needsDatabase = /orders_1|orders_view|%%/u;

export const postgresMembers: readonly Case[] = rows.map(
  ({ member, narrow, wide, sql, rule, scope, wideAlso }) => ({
    at: inScope("orders", ...member),
    narrow,
    wide,
    refused: rule,
    act: needsDatabase.test(sql) ? judgeAct("orders", { sql, database }) : judge("orders", sql),
    base(document: Document, half) {
      const also = half === "wide" ? wideAlso : undefined;
      document.connections.orders.operations.read = structuredClone({ ...scope, ...also });
    },
  }),
);
