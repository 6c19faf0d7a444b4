import { frames } from "../../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { judge } from "../acts/judge.ts";
import { reach, session, type StandInRules } from "../acts/postgres.ts";
import { loads, type Case, type Document } from "../case.ts";
import { inScope, usual } from "../document.ts";

type Row = readonly [
  member: string,
  narrow: unknown,
  wide: unknown,
  refused: RegExp,
  rules?: StandInRules,
  target?: Document,
];

const at = (...member: string[]): string[] => ["connections", "orders", "postgres", ...member];
const target = { host: "127.0.0.1", port: "{{port}}", database: "shop", user: "mayfly", tls: "disable" };
const secured = { ...target, tls: "verify-full", ca: "ca.pem" };
const away = /^target \| the database cannot be reached/;
const refused = /^target \| the database refused the gateway/;

const rows: readonly Row[] = [
  ["host", "::1", "127.0.0.1", away],
  ["port", 1, "{{port}}", away],
  ["database", "other", "shop", refused],
  ["user", "somebody", "mayfly", refused],
  ["password", { env: "WRONG" }, { env: "SECRET" }, refused, { password: "correct" }, secured],
  ["ca", "other-ca.pem", "ca.pem", away, {}, secured],
  ["tls", "verify-full", "disable", away, { tls: "none" }],
  ["tls", "require", "prefer", away, { tls: "none" }],
  ["tls", "disable", "allow", refused, { tls: "only" }],
  ["tls", "verify-full", "verify-ca", away, { certificate: "for another host" }, secured],
  ["tls", "verify-ca", "require", away],
  ["connect_timeout", "100ms", "30s", away, { pause: 1000 }],
];

export const postgresTarget: readonly Case[] = [
  ...rows.map(([member, narrow, wide, refusal, rules = {}, changed = target]) => ({
    at: at(member),
    narrow,
    wide,
    refused: refusal,
    act: reach(rules),
    base: (document: Document) => {
      document.connections.orders.postgres = structuredClone(changed);
    },
  })),
  {
    at: at(),
    narrow: undefined,
    wide: target,
    refused: /^configuration \| this connection names no protocol/,
    act: reach(),
  },
  {
    at: at("search_path"),
    narrow: ["public"],
    wide: ["shop", "public"],
    refused: /^orders\/read: tables \|/,
    act: judge("orders", "SELECT id FROM orders"),
    base: (document) => {
      document.connections.orders.operations.read.tables = { "shop.orders": "all" };
    },
  },
  {
    at: ["connections", "orders", "operations"],
    narrow: undefined,
    wide: usual().connections.orders.operations,
    refused: /^configuration \| operations is missing/,
    act: loads,
  },
  {
    at: inScope("orders", "timeout"),
    narrow: "1s",
    wide: "20s",
    refused: /^ends after 1000 ms$/,
    passes: /^ends after 20000 ms$/,
    // The server ends what runs longer: it is told with the start-up message.
    act: session(async (_, started) => `ends after ${started.at(-1)?.get("statement_timeout") ?? "no"} ms`),
    base: (document) => {
      document.connections.orders.postgres = structuredClone(target);
    },
  },
  ...(["the same grant", "another grant"] as const).map((which) => ({
    at: ["limits", which === "the same grant" ? "sessions_per_grant" : "sessions_per_principal"],
    narrow: 1,
    wide: 2,
    refused: /sessions/,
    act: session(async (_, __, another) => another(which)),
    base: (document: Document) => {
      document.connections.orders.postgres = structuredClone(target);
    },
  })),
  {
    at: ["limits", "statement_bytes"],
    narrow: 1024,
    wide: 65_536,
    refused: /42501/,
    passes: /^C Z$/,
    act: session(async (client) => {
      client.send(frames.query(`SELECT id FROM orders -- ${"x".repeat(4000)}`));
      return client.answers();
    }),
    base: (document) => {
      document.connections.orders.postgres = structuredClone(target);
    },
  },
  {
    at: ["limits", "message_bytes"],
    narrow: 1024,
    wide: 65_536,
    refused: /54000/,
    passes: /^C Z$/,
    act: session(async (client) => {
      client.send(frames.query(`SELECT id FROM orders -- ${"x".repeat(4000)}`));
      return client.answers();
    }),
    base: (document) => {
      document.connections.orders.postgres = structuredClone(target);
    },
  },
];
