import { describe, expect, test } from "vitest";
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
  "vault://x/%73ecret/db",
  "repo:///home/bob/a",
  "repo:/home/bob/a",
  "repo:home/bob/a",
  "repo:///Users/bob/a",
  "repo:///srv/%2eenv",
  "repo://x/%2eenv",
  "repo://x/%252eenv",
  "repo://x/a%2f.env",
  "repo://x/a\\.env",
  "repo://x/.env",
  "repo://x/.git/config",
  "repo://.ssh/id",
  "repo://x?file=.env",
  "repo://x#.env",
  "repo://x/id_rsa",
  "repo://x?f=id_rsa",
  "repo://x/%2e%2e/y",
  "repo:////etc/shadow",
  "repo://etc/shadow",
  "repo://x/proc/self",
  "proxy://a?u=http://10.0.0.1/",
  "proxy://a?u=http:%2f%2f10.0.0.1/",
  "proxy://a?u=http%3a%2f%2f10.0.0.1/",
  "proxy://a/http:/10.0.0.1",
  "proxy://a?u=10.0.0.1",
  "proxy://a/10.0.0.1/x",
  "proxy://a/127.0.0.1:8080",
  "proxy://a?u=localhost",
  "proxy://a?u=db.internal",
  "proxy://10.0.0.1/x",
  "proxy://0x7f000001/x",
  "proxy://[::1]/x",
  "proxy://me:pass@a/x",
  "proxy:me:pass@a.example.com/x",
  "proxy:http://docs.example.com/",
  "jar:https://docs.example.com/a",
  "git+https://docs.example.com/a",
  "ftp://ftp.example.com/a",
  "data:text/plain,a",
])("%s is set apart", (uri) => expect(proposed([uri])).toEqual([]));

test.each([
  "crm://orders/7",
  "note:today",
  "crm://orders?state=open",
  "docs://guide/1.2/x",
  "urn:isbn:0451450523",
  "https://docs.example.com/guides/a",
  "file:///srv/docs/a.md",
])("%s is proposed", (uri) => expect(proposed([uri])).toEqual([[uri]]));

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

test("one tenant's folders are not all tenants'", () => {
  const uris = ["a", "b", "c", "d", "e", "f"].map((folder) => `crm://tenants/42/${folder}/1`);
  expect(proposed(uris)).toEqual(uris.map((uri) => [uri]));
});

describe("a whole folder is granted where ids alone tell its things from each other", () => {
  const six = (folder: string, name: (at: number) => string): readonly string[] =>
    [11, 12, 13, 14, 15, 16].map((at) => `${folder}/${name(at)}`);

  test.each([
    ["crm://orders", (at: number) => `${at}`],
    ["crm://orders", (at: number) => `2026-11-${at}`],
    ["crm://orders", (at: number) => `${at}/lines`],
  ])("%s", (folder, name) => expect(proposed(six(folder, name))).toEqual([[`${folder}/*`]]));

  test.each([
    ["repo://x", (at: number) => `README-${at}.md`],
    ["repo://x", (at: number) => `${at}.md`],
    ["repo://x", (at: number) => `${at}/a.md`],
    ["crm://orders", (at: number) => "abcdefghijklmnop".charAt(at - 1)],
    ["crm://orders", (at: number) => `order-${"abcdefghijklmnop".charAt(at - 1)}`],
    ["repo:///srv", (at: number) => `${at}`],
    ["repo:/srv", (at: number) => `${at}`],
    ["vscode://file", (at: number) => `${at}.md`],
    ["file:///srv", (at: number) => `${at}`],
  ])("%s is not", (folder, name) => {
    const uris = six(folder, name);
    expect(proposed(uris).flat().toSorted()).toEqual(uris.toSorted());
  });

  test("nor beside what is set apart", () => {
    const uris = six("crm://orders", (at) => `${at}`);
    expect(proposed([...uris, "crm://orders/17/.env"])).toEqual([uris]);
  });
});

test("so many are listed, and no more", () => {
  const of = (count: number): readonly string[] =>
    Array.from(
      { length: count },
      (_, at) => `docs://guides/${"abcdefgh".charAt(at % 8)}${"abcdefgh".charAt(at / 8)}`,
    );
  expect(proposed(of(50))).toEqual([of(50).toSorted()]);
  expect(proposed(of(51))).toEqual([]);
});
