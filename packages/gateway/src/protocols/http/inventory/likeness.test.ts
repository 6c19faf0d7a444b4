import { expect, test } from "vitest";
import { likenessOf } from "./likeness.ts";

const post = (body: string, more = ""): string =>
  `POST /v1/orders\ncontent-length: ${body.length}${more}\n\n${body}`;

test.each([
  ["GET /v1/orders/1", "GET /v1/orders/22"],
  ["GET /v1/orders?page=1&limit=5", "GET /v1/orders?limit=9&page=33"],
  ["GET /v1/orders?q=abc", "GET /v1/orders?q=xyz"],
  ["POST /v1/orders\ncontent-length: 1", "POST /v1/orders\ncontent-length: 1000"],
  [post('{"total":1}'), post('{"total":3}')],
  ["GET /a/../b", "GET /c/../d"],
])("%j and %j are alike", (one, other) => expect(likenessOf(one)).toBe(likenessOf(other)));

test.each([
  ["GET /v1/orders/1", "DELETE /v1/orders/1"],
  ["GET /v1/orders/1", "GET /v1/orders/one"],
  ["GET /v1/orders?page=1", "GET /v1/orders?page=x"],
  ["GET /v1/orders?page=1", "GET /v1/orders?pages=1"],
  ["POST /v1/orders\ncontent-length: 1", "POST /v1/orders\ncontent-length: 5000"],
  ["POST /v1/orders\ncontent-length: 1", "POST /v1/orders"],
  ["GET /v1/orders\nhost:\nx-tenant:", "GET /v1/orders\nhost:\ncontent-length: 0"],
  ["GET /v1/s\nupgrade: websocket", "GET /v1/s"],
  [post('{"total":1}'), post('{"count":1}')],
  [post("{}", "\ncontent-type: application/json"), post("{}", "\ncontent-type: text/json")],
])("%j and %j are not", (one, other) => expect(likenessOf(one)).not.toBe(likenessOf(other)));

test("a likeness is bounded", () => {
  const one = likenessOf(`GET /${"a/".repeat(60)}${"b".repeat(2000)}`);
  expect(one.length).toBeLessThan(1001);
  expect(one).not.toBe(likenessOf(`GET /${"a/".repeat(60)}${"c".repeat(2000)}`));
});
