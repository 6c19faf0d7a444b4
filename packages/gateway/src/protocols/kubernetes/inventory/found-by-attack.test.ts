import { describe, expect, test } from "vitest";
import type { Proposal } from "../../../gate/inventory/inventory.ts";
import { scopeSchema } from "../scope.ts";
import { propose } from "./propose.ts";
import { exec, seen, writing } from "./testing/seen.ts";
import { unused } from "./unused.ts";

const shop = "/api/v1/namespaces/shop";
const apps = "/apis/apps/v1/namespaces/shop";
const of = (...acts: readonly string[]): Proposal =>
  propose(
    acts.map((act) => seen(act)),
    { minSeen: 1, taken: [] },
  );
const scopesOf = (...acts: readonly string[]): readonly Readonly<Record<string, unknown>>[] =>
  of(...acts).operations.map(({ scope }) => scope);

describe("service accounts", () => {
  const pod = (account: string, annotation: string): string =>
    writing(`POST ${shop}/pods`, {
      metadata: { name: "a", annotations: { serviceAccountName: annotation } },
      spec: { serviceAccountName: account },
    });

  test.each(["*", "admin"])("that an annotation names %j are none that it runs as", (annotation) => {
    expect(scopesOf(pod("mine", annotation))).toMatchObject([{ service_accounts: ["mine"] }]);
  });

  test("that would be patterns are never granted", () => {
    const { operations, apart } = of(pod("*", "a"));
    expect(operations).toEqual([]);
    expect(apart).toMatchObject([
      { reason: expect.stringContaining('service account "*" is not granted') as string },
    ]);
  });
});

describe("what an apply may make", () => {
  const patch = (name: string): string =>
    writing(
      `PATCH ${apps}/deployments/${name}`,
      { metadata: { labels: { a: "b" } } },
      "application/merge-patch+json",
    );
  const apply = (name: string): string =>
    writing(
      `PATCH ${apps}/deployments/${name}?force=true`,
      { metadata: { name } },
      "application/apply-patch+yaml",
    );
  const names = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `dep${at}x`);

  test("is nothing that was only patched, however many there are", () => {
    const scopes = scopesOf(...names(25).map(patch), apply("mine"));
    expect(scopes).toContainEqual({
      resources: ["deployments.apps"],
      verbs: ["create", "patch"],
      namespaces: ["shop"],
      names: ["mine"],
    });
    expect(scopes).toContainEqual({
      resources: ["deployments.apps"],
      verbs: ["patch"],
      namespaces: ["shop"],
    });
  });

  test("is always named, and set apart where nobody would read the names", () => {
    expect(scopesOf(...names(30).map(apply))).toMatchObject([
      { verbs: ["create", "patch"], names: names(30).toSorted() },
    ]);
    const { operations, apart } = of(...names(201).map(apply));
    expect(operations).toEqual([]);
    expect(apart).toMatchObject([
      { reason: "no operation says it as it was done", evidence: { times: 201 } },
    ]);
  });
});

describe("commands", () => {
  test.each([
    ["bash-static", "-c", "id"],
    ["static-sh", "-c", "id"],
    ["with-contenv", "sh"],
    ["hyperfine", "sh -c id", "sh"],
    ["tar", "-cf-", "/run"],
    ["grep", "-r", "a", "/"],
    ["app", "--key", "AbCd1234hunter2"],
  ])("%s %s are set apart", (...argv) => {
    expect(of(exec("web-0", argv)).operations).toEqual([]);
  });

  test("vary in no name of the system's", () => {
    expect(scopesOf(exec("web-0", ["cat", "/etc/cron.d/x-20261202"]))).toMatchObject([
      { exec: { commands: [["cat", "/etc/cron.d/x-20261202"]] } },
    ]);
  });

  test.each([
    ["redis6-cli", "keys"],
    ["execlineb", "-c", "x"],
    ["sudoedit"],
    ["sysctl", "-w", "a=b"],
    ["chmod", "u+s", "/bin/x"],
  ])("of a program that is not known here are for a person: %s", (...argv) => {
    const { operations, apart } = of(exec("web-0", argv));
    expect(operations).toEqual([]);
    expect(apart).toMatchObject([
      { reason: "what the program does is not known here", draft: { scope: { exec: { commands: [argv] } } } },
    ]);
  });

  test("of very many programs are no draft that nobody reads", () => {
    const { operations, apart } = of(...Array.from({ length: 3000 }, (_, at) => exec("web-0", [`p${at}x`])));
    expect(operations).toEqual([]);
    expect(apart.reduce((sum, { evidence }) => sum + evidence.times, 0)).toBe(3000);
    expect(apart.flatMap(({ draft }) => draft ?? [])).toEqual([]);
  });
});

test("a name that looks made up and was used is not unused", () => {
  const scope = scopeSchema.parse({
    resources: ["configmaps"],
    verbs: ["get"],
    namespaces: ["shop"],
    names: ["cfg-bcdfg", "other"],
  });
  expect(unused([seen(`GET ${shop}/configmaps/cfg-bcdfg`)], scope, {})).toEqual(["name other"]);
});
