import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { TextFile } from "../../kernel/secret.ts";
import { scopeSchema, checkScope } from "./scope.ts";
import { targetSchema } from "./target.ts";
import { trial } from "./trial.ts";

interface Case {
  readonly id: string;
  readonly operation?: string;
  readonly payload: string;
  readonly expected: "allow" | "deny";
  readonly why: string;
}

const read = (name: string): readonly Case[] =>
  JSON.parse(readFileSync(new URL(`../../../../../tests/corpus/${name}`, import.meta.url), "utf8")) as Case[];
const given = read("http.json");
const own = read("http-own.json");

const target = targetSchema.parse({
  url: "https://crm.internal",
  headers: { authorization: { env: "CRM" } },
});

/** What each case's operation may say; the given cases are about `orders` alone. */
const operations: Readonly<Record<string, unknown>> = {
  orders: { requests: ["GET /api/v1/orders/**"] },
  search: {
    requests: ["POST /api/v1/search"],
    query: { page: "[0-9]{1,3}" },
    body: { schema: "search.json", max: "1KiB" },
  },
  invoices: { requests: ["GET /api/v1/invoices/{id:[0-9]+}"], headers: ["x-tenant"] },
  socket: { requests: ["GET /api/v1/socket"], websocket: true },
};
const searchSchema = JSON.stringify({
  type: "object",
  required: ["q"],
  properties: { q: { type: "string", maxLength: 64 } },
  additionalProperties: false,
});

function judge(names: readonly string[], payload: string): string {
  const scopes = names.map((name) => {
    const scope = scopeSchema.parse(operations[name]);
    if (scope.body?.schema instanceof TextFile) scope.body.schema.load(searchSchema);
    expect(checkScope(scope)).toEqual([]);
    return { name: `crm/${name}`, scope };
  });
  return trial(scopes, target)(payload).kind === "permit" ? "allow" : "deny";
}

describe("requests that must not get through, and those that must", () => {
  it.each(given)("$id: $why → $expected", ({ payload, expected }) => {
    expect(judge(["orders"], payload)).toBe(expected);
  });

  it.each(own)("$id: $why → $expected", ({ operation, payload, expected }) => {
    expect(judge(operation === "mixed" ? ["search", "invoices", "socket"] : ["orders"], payload)).toBe(
      expected,
    );
  });

  it("are more than sixty of our own, with what is to be allowed among them", () => {
    expect(own.length).toBeGreaterThan(60);
    expect(own.filter(({ expected }) => expected === "allow").length).toBeGreaterThan(20);
    expect(new Set([...given, ...own].map(({ id }) => id)).size).toBe(given.length + own.length);
  });
});
