import { expect, test } from "vitest";
import { scopeSchema } from "../scope.ts";
import { seen } from "./testing/seen.ts";
import { unused } from "./unused.ts";

const scope = scopeSchema.parse({
  requests: ["GET /v1/orders", "GET /v1/orders/{id}", "POST /v1/orders"],
  query: { page: "[0-9]+", limit: "[0-9]+" },
  headers: ["x-tenant"],
  body: { types: ["application/json"] },
});
const of = (acts: readonly string[], granted = scope, target?: object): readonly string[] | undefined =>
  unused(
    acts.map((act) => seen(act)),
    granted,
    target === undefined ? {} : { target },
  );

test("nothing of it was used", () => {
  expect(of([])).toBeUndefined();
  expect(of(["GET /v1/customers"])).toBeUndefined();
});

test("all of it was used", () => {
  expect(
    of([
      "GET /v1/orders?page=1&limit=2\nhost:\nx-tenant:\ncontent-length: 0",
      "GET /v1/orders/7",
      "POST /v1/orders\ncontent-length: 9",
    ]),
  ).toEqual([]);
});

test("requests, parameters, headers and bodies that nobody needed are told", () => {
  expect(of(["HEAD /v1/orders?page=1\nhost:\ncontent-length: 0"])).toEqual([
    "request GET /v1/orders/{id}",
    "request POST /v1/orders",
    "query limit matching [0-9]+",
    "header x-tenant",
    "body application/json",
    "body: 64KiB in the place of 0B",
  ]);
});

test("what a source does not tell of counts as used", () => {
  expect(of(["GET /v1/orders?page=1&limit=1", "GET /v1/orders/7", "POST /v1/orders"])).toEqual([]);
});

test("any parameters are more than those that were used", () => {
  const open = scopeSchema.parse({ requests: ["GET /v1/orders"] });
  expect(of(["GET /v1/orders?page=1"], open)).toEqual(["query any"]);
});

test("a WebSocket that nobody opened is told", () => {
  const socket = scopeSchema.parse({ requests: ["GET /s"], query: [], websocket: true });
  expect(of(["GET /s"], socket)).toEqual(["WebSocket"]);
  expect(of(["GET /s\nupgrade: websocket"], socket)).toEqual([]);
});

test("the path of the API's URL stands before no request", () => {
  const one = scopeSchema.parse({ requests: ["GET /v1/orders"], query: [] });
  expect(of(["GET /base/v1/orders"], one, { url: "https://crm.internal/base" })).toEqual([]);
});
