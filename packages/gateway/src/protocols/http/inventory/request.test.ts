import { expect, test } from "vitest";
import { readSeenRequest, shownRequest } from "./request.ts";

test("a request is a line, and what else is known of it", () => {
  expect(
    readSeenRequest(
      'POST /v1/a%20b/42?page=2&q=x+y\ncontent-type: application/json\nHost:\nX-Tenant:\naccept:\ncontent-length: 7\n\n{"a":1}',
    ),
  ).toEqual({
    method: "POST",
    target: "/v1/a%20b/42?page=2&q=x+y",
    segments: [
      { raw: "v1", text: "v1" },
      { raw: "a%20b", text: "a b" },
      { raw: "42", text: "42" },
    ],
    parameters: [
      { name: "page", value: "2" },
      { name: "q", value: "x y" },
    ],
    headers: ["x-tenant"],
    body: 7,
    type: "application/json",
    isEncoded: false,
    json: '{"a":1}',
    upgrade: undefined,
  });
});

test("what a source does not say is not made up", () => {
  expect(readSeenRequest("POST /v1/orders")).toMatchObject({
    headers: undefined,
    body: undefined,
    type: undefined,
  });
  expect(readSeenRequest("POST /v1/orders\ncontent-length: 0")).toMatchObject({
    headers: undefined,
    body: 0,
  });
  expect(readSeenRequest("POST /v1/orders\nhost:")).toMatchObject({ headers: [], body: undefined });
  expect(readSeenRequest("GET /v1/orders\ncontent-length: 9")).toMatchObject({ body: undefined });
  expect(readSeenRequest("POST /v1/orders\ntransfer-encoding: chunked")).toMatchObject({ body: "streamed" });
  expect(readSeenRequest("GET /v1/socket\nupgrade: websocket")).toMatchObject({ upgrade: "websocket" });
});

test.each([
  ["GET /v1/**", "no template can say a path with a * in it"],
  ["DELETE /*", "no template can say a path with a * in it"],
  [`GET ${"/a".repeat(65)}`, "its path has more than 64 segments"],
  [`GET /a?${"b&".repeat(100)}c`, "its query has more than 100 parameters"],
  ["POST /v1/a\ncontent-encoding:\ncontent-length: 9", "an encoded body cannot be judged"],
  ["TRACE /v1/a", "no operation has the method TRACE"],
  ["GET /v1/../a", "the path holds a dot segment"],
  ["GET /v1//a", "the path holds an empty segment"],
  ["GET /v1/a?_method=DELETE", "a parameter names another method than the request's"],
  ["GET /v1/a?b;c=1", "the query holds a semicolon"],
  ["GET /v1/a?b=1&b=2", "a parameter stands twice, and no list of parameters takes that"],
  ["GET /v1/a\nhost:\nx-forwarded-for:", "the header x-forwarded-for is never taken"],
  ["GET /v1/a\nhost:\ncontent-length: 3", "GET carries no body"],
])("%j can never be granted", (act, why) => expect(readSeenRequest(act)).toEqual({ why }));

test.each([
  ["GET /v1/customers/42/orders?since=2026-12-02&q=secret", "GET /v1/customers/…/orders?since&q"],
  ["GET /v1/users/jane%40example.com", "GET /v1/users/…"],
  ["GET /v1/users/jane@example.com", "GET /v1/users/…"],
  ["TRACE /v1/a//b?c=1&c=2&%20=3", "TRACE /v1/a//b?c&c&…"],
  [`GET /v1/${"a".repeat(200)}`, "GET /v1/…"],
  [`GET /${"a/".repeat(200)}b`, `GET /${"a/".repeat(77)}…`],
  ['POST /v1/orders\ncontent-length: 9\n\n{"pin":1}', "POST /v1/orders"],
])("%j is shown without its values", (act, text) => expect(shownRequest(act)).toBe(text));
