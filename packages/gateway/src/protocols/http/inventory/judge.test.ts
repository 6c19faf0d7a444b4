import { expect, test } from "vitest";
import { scopeSchema } from "../scope.ts";
import { judgeOf } from "./judge.ts";

const scope = (more: object): ReturnType<typeof scopeSchema.parse> => scopeSchema.parse(more);
const orders = scope({
  requests: ["GET /v1/orders", "POST /v1/orders"],
  query: ["page"],
  headers: ["x-tenant"],
  body: { max: "1KiB", types: ["application/json"] },
});
const judge = judgeOf([{ name: "crm/orders", scope: orders }], {});

test.each([
  "GET /v1/orders?page=1",
  "HEAD /v1/orders",
  "GET /v1/orders\nhost:\nx-tenant:\ncontent-length: 0",
  "POST /v1/orders",
  "POST /v1/orders\ncontent-length: 1024",
  "POST /v1/orders\ntransfer-encoding: chunked",
  "POST /v1/orders\ncontent-type: application/json\ncontent-length: 2\n\n{}",
])("%j is covered", (act) => expect(judge(act)).toMatchObject({ kind: "permit", operation: "crm/orders" }));

test.each([
  ["GET /v1/orders?size=1", "crm/orders: query"],
  ["GET /v1/customers", "crm: requests"],
  ["GET /v1/../orders", "crm: path"],
  ["TRACE /v1/orders", "crm: requests"],
  ["GET /v1/orders\nhost:\nx-other:\ncontent-length: 0", "crm/orders: headers"],
  ["POST /v1/orders\ncontent-length: 1025", "crm/orders: body"],
  ["GET /v1/orders\nupgrade: websocket", "crm/orders: websocket"],
  ["POST /v1/orders\ncontent-type: text/plain\ncontent-length: 2\n\n{}", "crm/orders: body"],
])("%j is refused", (act, rule) => {
  expect(judge(act)).toMatchObject({ kind: "deny", denial: { rule } });
});

test("a body that is known to be there needs to be granted, and one that nobody tells of does not count", () => {
  const bare = judgeOf([{ name: "crm/bare", scope: scope({ requests: ["POST /v1/orders"] }) }], {});
  expect(bare("POST /v1/orders")).toMatchObject({ kind: "permit" });
  expect(bare("POST /v1/orders\ncontent-length: 1")).toMatchObject({
    kind: "deny",
    denial: { rule: "crm/bare: body", message: "refused: no body is granted" },
  });
});

test("a WebSocket is covered where one is granted", () => {
  const socket = judgeOf([{ name: "crm/s", scope: scope({ requests: ["GET /s"], websocket: true }) }], {});
  expect(socket("GET /s\nupgrade: websocket")).toMatchObject({ kind: "permit" });
  expect(socket("GET /s\nupgrade: h2c")).toMatchObject({ kind: "deny" });
});

test("logs of the API have the path of its URL before each request's own", () => {
  const below = judgeOf([{ name: "crm/orders", scope: orders }], {
    target: { url: "https://crm.internal/base" },
  });
  expect(below("GET /base/v1/orders")).toMatchObject({ kind: "permit" });
  expect(below("GET /v1/orders")).toMatchObject({ kind: "permit" });
  expect(below("GET /basement/v1/orders")).toMatchObject({ kind: "deny" });
  expect(judge("GET /base/v1/orders")).toMatchObject({ kind: "deny" });
});

test("no value of a path is in what is said", () => {
  expect(judge("GET /v1/customers/424242")).toMatchObject({
    denial: { message: "refused: no operation has GET /v1/customers/…" },
  });
});

test.each([
  ["GET /v1/orders\nhost:\nx-forwarded-for:", "crm/orders: headers"],
  ["POST /v1/orders\nhost:\nx-remote-user:\ncontent-length: 9", "crm/orders: headers"],
  ["GET /v1/orders\nhost:\ncontent-length: 9", "crm/orders: body"],
  [
    "POST /v1/orders\nhost:\ncontent-type: application/json\ncontent-encoding:\ncontent-length: 9",
    "crm/orders: body",
  ],
])("%j, which no operation can grant, is not covered for what is left of it", (act, rule) => {
  expect(judge(act)).toMatchObject({ kind: "deny", denial: { rule } });
});

test("what no list of parameters takes is covered where any parameters pass", () => {
  const any = judgeOf([{ name: "crm/any", scope: scope({ requests: ["GET /v1/**"] }) }], {});
  expect(any("GET /v1/orders?a=1&a=2")).toMatchObject({ kind: "permit" });
  expect(any(`GET /v1${"/a".repeat(70)}`)).toMatchObject({ kind: "permit" });
});
