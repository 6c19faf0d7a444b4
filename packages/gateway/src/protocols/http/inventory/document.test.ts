// tier: full
import { describe, expect, test } from "vitest";
import { propose } from "./propose.ts";
import { readApiDocument } from "./document.ts";
import { seen } from "./testing/seen.ts";

const document = {
  openapi: "3.1.0",
  servers: [{ url: "https://shop.example/base" }],
  paths: {
    "/orders": {
      get: { operationId: "listOrders", summary: "List orders", parameters: [{ name: "page", in: "query" }] },
      post: {
        operationId: "createOrder",
        requestBody: {
          content: {
            "application/json": { schema: { type: "object", properties: { total: { type: "number" } } } },
          },
        },
      },
    },
    "/orders/{id}": { get: {}, delete: {} },
    "/orders/open": { get: { operationId: "openOrders" } },
  },
};
const structure = JSON.stringify(document);
const proposed = (acts: readonly string[], of = structure): ReturnType<typeof propose> =>
  propose(
    acts.map((act) => seen(act)),
    { minSeen: 1, taken: [], structure: of },
  );

test("names, what it says and schemas of bodies come from the document", () => {
  const { operations, apart } = proposed(["GET /orders?page=1", "POST /orders"]);
  expect(apart).toEqual([]);
  expect(operations.map(({ name, description, scope }) => ({ name, description, scope }))).toEqual([
    {
      name: "list-orders",
      description: "List orders",
      scope: { requests: ["GET /orders"], query: { page: "[0-9]+" } },
    },
    {
      name: "create-order",
      description: "Create order",
      scope: {
        requests: ["POST /orders"],
        query: [],
        body: {
          schema: { type: "object", properties: { total: { type: "number" } } },
          types: ["application/json"],
        },
      },
    },
  ]);
});

test("bodies that a source shows say more than the document's schema", () => {
  const json = '{"total":1}';
  const { operations } = proposed([
    `POST /orders\ncontent-type: application/json\ncontent-length: ${json.length}\n\n${json}`,
  ]);
  expect(operations[0]?.scope).toMatchObject({
    body: { schema: { required: ["total"], additionalProperties: false } },
  });
});

test("what varies is called as the document calls it, with a pattern where all values have a form", () => {
  expect(proposed(["GET /orders/7"]).operations[0]?.scope).toMatchObject({
    requests: ["GET /orders/{id:[0-9]+}"],
  });
  expect(proposed(["GET /orders/7", "GET /orders/seven"]).operations[0]?.scope).toMatchObject({
    requests: ["GET /orders/{id:[a-z0-9]+(?:-[a-z0-9]+)*}"],
  });
});

test("words stand before what varies, and the server's path may stand before all", () => {
  expect(proposed(["GET /base/orders/open"]).operations).toMatchObject([
    { name: "open-orders", scope: { requests: ["GET /base/orders/open"] } },
  ]);
});

test("it is read as YAML too", () => {
  const yaml = "openapi: 3.1.0\npaths:\n  /orders:\n    get:\n      operationId: listOrders\n";
  expect(proposed(["GET /orders"], yaml).operations).toMatchObject([{ name: "list-orders" }]);
});

describe("what it does not have is set apart", () => {
  test.each([
    ["GET /customers", "--schema has no such request"],
    ["GET /orders?debug=1", "--schema has no parameter debug there"],
    ["DELETE /orders/7\ncontent-length: 9", "--schema has no body there"],
  ])("%j: %s", (act, reason) => {
    const { operations, apart } = proposed([act]);
    expect(operations).toEqual([]);
    expect(apart).toMatchObject([{ reason, draft: {} }]);
  });

  test("and so is a body that its schema does not take", () => {
    const json = '{"total":"a"}';
    const { operations, apart } = proposed([
      `POST /orders\ncontent-type: application/json\ncontent-length: ${json.length}\n\n${json}`,
    ]);
    expect(operations).toEqual([]);
    expect(apart).toMatchObject([{ reason: "--schema has no such body there" }]);
  });
});

test.each([
  ["{", "it is neither JSON nor YAML"],
  ["CREATE TABLE a (b int);", "the schema is no OpenAPI 3 document"],
  ["{}", "the schema is no OpenAPI 3 document"],
  ['{"swagger":"2.0","paths":{"/a":{"get":{}}}}', "the schema is no OpenAPI 3 document"],
  ['{"openapi":"3.1.0"}', "the schema holds no operation of an API"],
  ["a: &a [*a, *a]", "it has aliases"],
])("%j is no document", (text, message) => {
  expect(() => readApiDocument(text)).toThrow(message);
});
