import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { checkScope, scopeSchema } from "./scope.ts";
import { trial } from "./trial.ts";

interface Case {
  readonly id: string;
  readonly payload: string;
  readonly expected: "allow" | "deny";
  readonly why: string;
}

const read = (name: string): readonly Case[] =>
  JSON.parse(readFileSync(new URL(`../../../../../tests/corpus/${name}`, import.meta.url), "utf8")) as Case[];
const given = read("mcp.json");
const own = read("mcp-own.json");

/** What is no message of a client's: tested where it happens. */
const elsewhere: Readonly<Record<string, string>> = {
  "mcp-rpc-15": "exchange.test.ts",
  "mcp-rpc-16": "exchange.test.ts",
  "mcp-rpc-18": "exchange.test.ts",
  "mcp-rpc-20": "exchange.test.ts",
  "mcp-rpc-21": "exchange.test.ts",
  "mcp-rpc-24": "exchange.test.ts",
  "mcp-rpc-26": "exchange.test.ts",
  "mcp-rpc-27": "exchange.test.ts",
};

/** The given cases' scope names tools alone; our own have schemas, a resource and a prompt. */
const scopes: Readonly<Record<"given" | "own", unknown>> = {
  given: { tools: ["search_customers", "get_order"] },
  own: {
    tools: {
      get_order: {
        type: "object",
        required: ["id"],
        properties: { id: { type: "integer" } },
        additionalProperties: false,
      },
      search_customers: {
        type: "object",
        properties: { q: { type: "string", maxLength: 200 } },
        additionalProperties: false,
      },
    },
    resources: ["crm://orders/*"],
    prompts: ["summary"],
  },
};

function judge(which: "given" | "own", payload: string): string {
  const scope = scopeSchema.parse(scopes[which]);
  expect(checkScope(scope)).toEqual([]);
  return trial([{ name: "crm/read", scope }])(payload).kind === "permit" ? "allow" : "deny";
}

describe("messages that must not get through, and those that must", () => {
  const messages = given.filter(({ id }) => !(id in elsewhere));

  it.each(messages)("$id: $why → $expected", ({ payload, expected }) => {
    expect(judge("given", payload)).toBe(expected);
  });

  it.each(own)("$id: $why → $expected", ({ payload, expected }) => {
    expect(judge("own", payload)).toBe(expected);
  });

  it("leave out only what is tested elsewhere", () => {
    expect(given.length - messages.length).toBe(Object.keys(elsewhere).length);
    expect(own.length).toBeGreaterThan(40);
    expect(new Set(own.map(({ id }) => id)).size).toBe(own.length);
  });
});
