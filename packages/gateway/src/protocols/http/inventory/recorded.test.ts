import { expect, test } from "vitest";
import { recorded } from "./recorded.ts";

test("a record's request has the names of its headers, and the size of its body", () => {
  expect(
    recorded({
      method: "POST",
      path: "/v1/orders",
      query: "a=1",
      headers: [["x-tenant", "north"]],
      body: { bytes: 12, sha256: "00" },
    }),
  ).toEqual({ act: "POST /v1/orders?a=1\nhost:\nmayfly-grant:\nx-tenant:\ncontent-length: 12" });
  expect(recorded({ method: "GET", path: "/v1/orders" })).toEqual({
    act: "GET /v1/orders\nhost:\nmayfly-grant:\ncontent-length: 0",
  });
  expect(recorded({ method: "POST", path: "/", body: "streamed" })).toEqual({
    act: "POST /\nhost:\nmayfly-grant:\ntransfer-encoding: chunked",
  });
  expect(recorded({ method: "GET", path: "/s", upgrade: "websocket" })).toEqual({
    act: "GET /s\nhost:\nmayfly-grant:\nupgrade: websocket\ncontent-length: 0",
  });
});

test("what is no request needs nothing of a scope, and a broken record is told", () => {
  expect(recorded({ sql: "SELECT 1" })).toBeUndefined();
  expect(recorded({ method: "GET" })).toEqual({ why: "the record has no request" });
  expect(recorded({ method: 7, path: "/" })).toEqual({ why: "the record has no request" });
});
