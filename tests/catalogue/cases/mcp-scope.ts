import { judge } from "../acts/judge.ts";
import type { Case } from "../case.ts";
import { inScope, scopeOf } from "../document.ts";

const call = (method: string, params: object): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
const order = call("tools/call", { name: "get_order", arguments: { id: "7" } });

type Row = readonly [member: string, narrow: unknown, wide: unknown, message: string, rule: RegExp];

const rows: readonly Row[] = [
  ["tools", ["search"], ["get_order"], order, /^crm\/read: tools \|/],
  [
    "tools",
    { get_order: { type: "object", properties: { id: { type: "string", pattern: "^A" } } } },
    ["get_order"],
    order,
    /^crm\/read: tools \|.*pattern/,
  ],
  [
    "resources",
    ["crm://orders/1"],
    ["crm://orders/*"],
    call("resources/read", { uri: "crm://orders/2" }),
    /^crm\/read: resources \|/,
  ],
  ["prompts", ["summary"], ["other"], call("prompts/get", { name: "other" }), /^crm\/read: prompts \|/],
];

export const mcpScope: readonly Case[] = [
  ...rows.map(([member, narrow, wide, message, refused]) => ({
    at: inScope("crm", member),
    narrow,
    wide,
    refused,
    act: judge("crm", message),
    base: scopeOf("crm", { tools: ["search"] }),
  })),
  // Each value of the record is a schema: written out, or the path of a file with one.
  {
    at: inScope("crm", "tools", "get_order"),
    narrow: { type: "object", required: ["reason"] },
    wide: "any.json",
    refused: /^crm\/read: tools \|.*reason/,
    act: judge("crm", order),
    base: scopeOf("crm", { tools: { get_order: {} } }),
  },
];
