import { judge } from "../acts/judge.ts";
import type { Case } from "../case.ts";
import { inScope, scopeOf } from "../document.ts";

type Row = readonly [
  member: readonly string[],
  narrow: unknown,
  wide: unknown,
  request: string,
  rule: RegExp,
  scope: object,
];

const json = (body: string, type = "application/json"): string =>
  `POST /v1/refunds HTTP/1.1\nContent-Type: ${type}\nContent-Length: ${body.length}\n\n${body}`;
const get = (target: string, ...headers: readonly string[]): string =>
  [`GET ${target} HTTP/1.1`, ...headers, "", ""].join("\n");
const rule = (name: string): RegExp => new RegExp(`^billing/read: ${name} \\|`);
const reads = { requests: ["GET /v1/orders"] };
const posts = { requests: ["POST /v1/refunds"] };

const rows: readonly Row[] = [
  [
    ["requests"],
    ["GET /v1/orders"],
    ["GET /v1/orders", "GET /v1/users"],
    get("/v1/users"),
    rule("requests"),
    reads,
  ],
  [["query"], ["page"], undefined, get("/v1/orders?all=1"), rule("query"), reads],
  [["query"], { page: "[0-9]+" }, ["page"], get("/v1/orders?page=x"), rule("query"), reads],
  [["headers"], [], ["x-vendor"], get("/v1/orders", "X-Vendor: 1"), rule("headers"), reads],
  [["body"], undefined, "any.json", json('{"invoice":"7"}'), rule("body"), posts],
  [["body"], "invoice.json", { max: "1KiB" }, json("{}"), /^billing\/read: body \|.*invoice/, posts],
  [
    ["body", "schema"],
    "invoice.json",
    undefined,
    json("{}"),
    /^billing\/read: body \|.*invoice/,
    { ...posts, body: { max: "1KiB" } },
  ],
  [
    ["body", "schema"],
    { type: "object", properties: { invoice: { type: "string" } }, required: ["invoice"] },
    "any.json",
    json("{}"),
    /^billing\/read: body \|.*invoice/,
    { ...posts, body: { max: "1KiB" } },
  ],
  [
    ["body", "max"],
    "8B",
    "64KiB",
    json('{"invoice":"7"}'),
    /^billing\/read: body \|.*larger than 8 bytes/,
    { ...posts, body: {} },
  ],
  [
    ["body", "types"],
    ["application/json"],
    ["application/json", "text/plain"],
    json("hello", "text/plain"),
    /^billing\/read: body \|.*content type/,
    { ...posts, body: {} },
  ],
  [
    ["websocket"],
    false,
    true,
    get(
      "/v1/orders",
      "Connection: Upgrade",
      "Upgrade: websocket",
      "Sec-WebSocket-Version: 13",
      "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    ),
    rule("websocket"),
    reads,
  ],
];

export const httpScope: readonly Case[] = rows.map(([member, narrow, wide, request, refused, scope]) => ({
  at: inScope("billing", ...member),
  narrow,
  wide,
  refused,
  act: judge("billing", request),
  base: scopeOf("billing", scope),
}));
