import { expect, test } from "vitest";
import { propose } from "./propose.ts";
import { reading, seen } from "./testing/seen.ts";

const proposed = (uris: readonly string[]): readonly unknown[] =>
  propose(
    uris.map((uri) => seen(reading(uri))),
    { minSeen: 1, taken: [] },
  ).operations.map(({ scope }) => scope["resources"]);

test.each([
  "http://169.254.169.254/latest/meta-data/iam",
  "http://10.0.0.1/admin",
  "postgres://db.internal/x",
  "ssh://host/x",
  "repo:///etc/shadow",
  "repo://x/.env",
  "repo://x/../y",
  "vscode://file/home/bob/x",
  "file:///home/bob/x",
  "vault://secret/db",
])("%s is set apart", (uri) => expect(proposed([uri])).toEqual([]));

test.each(["crm://orders/7", "note:today", "https://docs.example.com/guides/a", "file:///srv/docs/a.md"])(
  "%s is proposed",
  (uri) => expect(proposed([uri])).toEqual([[uri]]),
);

test("one tenant is not all, and many are", () => {
  const of = (tenant: number): readonly string[] =>
    [1, 2, 3, 4, 5, 6].map((order) => `crm://tenants/${tenant}/orders/${order}`);
  expect(proposed(of(42))).toEqual([["crm://tenants/42/orders/*"]]);
  expect(proposed([11, 12, 13, 14, 15, 16].flatMap(of))).toEqual([["crm://tenants/*"]]);
});

test("files are never a whole folder", () => {
  const uris = [1, 2, 3, 4, 5, 6].map((at) => `file:///srv/docs/${at}.md`);
  expect(proposed(uris)).toEqual([uris]);
});
