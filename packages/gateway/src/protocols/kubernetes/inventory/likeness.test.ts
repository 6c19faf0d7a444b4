import { expect, test } from "vitest";
import { likenessOf } from "./likeness.ts";
import { exec, writing } from "./testing/seen.ts";

const shop = "/api/v1/namespaces/shop";

test.each([
  [`GET ${shop}/pods?limit=500`, `GET ${shop}/pods?labelSelector=app%3Da`],
  [`GET ${shop}/pods/web-6d4cf56db6-x2x9p`, `GET ${shop}/pods/web-7b9f8cd6f4-zk4tq`],
  [`GET ${shop}/pods/a/log?tailLines=1`, `GET ${shop}/pods/a/log?follow=true`],
  [exec("a", ["cat", "/log/app-2026-12-01"]), exec("a", ["cat", "/log/app-2026-12-02"])],
  [
    writing(`POST ${shop}/configmaps`, { metadata: { name: "a" }, data: { a: "1" } }),
    writing(`POST ${shop}/configmaps`, { metadata: { name: "b" } }),
  ],
  ["GET /metrics", "GET /healthz"],
])("%s is like %s", (one, other) => {
  expect(likenessOf(one)).toBe(likenessOf(other));
});

test.each([
  [`GET ${shop}/pods`, `GET ${shop}/pods?watch=true`],
  [`GET ${shop}/pods`, `GET ${shop}/pods?unheardOf=1`],
  [`GET ${shop}/pods/a`, `GET ${shop}/pods/b`],
  [`GET ${shop}/pods/a/attach`, `GET ${shop}/services/a/proxy`],
  [exec("a", ["ls"]), exec("a", ["ls"], { stdin: "true" })],
  [exec("a", ["cat", "/log/app-2026-12-01"]), exec("a", ["cat", "/log/web-2026-12-01"])],
  [
    writing(`POST ${shop}/pods`, { spec: { serviceAccountName: "a" } }),
    writing(`POST ${shop}/pods`, { spec: { serviceAccountName: "b" } }),
  ],
  [writing(`POST ${shop}/pods`, { spec: { hostPID: true } }), writing(`POST ${shop}/pods`, { spec: {} })],
  [`POST ${shop}/pods`, writing(`POST ${shop}/pods`, { spec: {} })],
  [
    `PATCH ${shop}/configmaps/a`,
    `PATCH ${shop}/configmaps/a\ncreated: true\ncontent-type: application/apply-patch+yaml`,
  ],
])("%s is not like %s", (one, other) => {
  expect(likenessOf(one)).not.toBe(likenessOf(other));
});

test("is bounded", () => {
  expect(likenessOf(exec("a", ["cat", "x".repeat(100_000)])).length).toBeLessThan(1000);
});
