import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { describeChanges, touchesIdentity, touchesSignals } from "./changes.ts";
import { loadConfiguration } from "./load.ts";
import { makeCertificate } from "./testing/certificate.ts";
import { good, goodEnvironment } from "./testing/good.ts";
import { testProtocol } from "./testing/protocol.ts";
import type { Configuration } from "./types.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mayfly-changes-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function load(text: string, environment = goodEnvironment): Promise<Configuration> {
  const file = join(folder, "mayfly.yaml");
  await writeFile(file, text);
  const loaded = await loadConfiguration(file, [testProtocol], environment);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
  return loaded.configuration;
}

const words = (before: Configuration, after: Configuration): string[] =>
  describeChanges(before, after).map(
    ({ change, what, needsRestart }) => `${change} ${what}${needsRestart ? " (restart)" : ""}`,
  );

test("nothing changed, but comments and order", async () => {
  expect(words(await load(good), await load(`# again\n${good}`))).toEqual([]);
});

test("added, removed and changed parts are told apart", async () => {
  const after = good
    .replace("      refund-order:\n", "      pay-back:\n")
    .replaceAll("operations: [refund-order]", "operations: [pay-back]")
    .replace("name: nobody writes at night", "name: nobody pays at night")
    .replace("timeout: 30s", "timeout: 31s")
    .replace("audience: api://mayfly", "audience: api://other")
    .replace("auditor: [security]", "auditor: [audit]")
    .replace("connections: 100", "connections: 101");
  expect(words(await load(good), await load(after))).toEqual([
    "changed identity provider https://example.okta.com/oauth2/aus4x2kq",
    "changed identity roles",
    "changed operation orders-db/read-orders",
    "removed operation orders-db/refund-order",
    "added operation orders-db/pay-back",
    "changed policy a refund needs a person",
    "removed policy nobody writes at night",
    "added policy nobody pays at night",
    "changed setting limits",
  ]);
});

test("a secret of another value changes its connection, and is not shown", async () => {
  const after = await load(good, { ...goodEnvironment, ORDERS_PASSWORD: "fresh-value-9" });
  const changes = words(await load(good), after);
  expect(changes).toEqual(["changed connection orders-db"]);
});

test("what is read at start alone says so", async () => {
  const after = good
    .replace("url: https://mayfly.internal:8443", "url: https://other.internal")
    .replace("postgres: 0.0.0.0:6432", "postgres: 0.0.0.0:6433")
    .replace("sqlite:data/mayfly.db", "postgres://mayfly@db/mayfly")
    .replace("sync: always", "sync: batched")
    .replace("limits:", "data: elsewhere\nlimits:");
  expect(words(await load(good), await load(after))).toEqual([
    "changed setting url (restart)",
    "changed setting listen (restart)",
    "changed setting store (restart)",
    "changed setting data (restart)",
    "changed setting audit (restart)",
  ]);
});

test("a renewed certificate needs no restart; bringing one for the first time does", async () => {
  const withTls = async (): Promise<Configuration> => {
    const { certificate, key } = await makeCertificate();
    await writeFile(join(folder, "cert.pem"), certificate);
    await writeFile(join(folder, "key.pem"), key);
    return load(`${good}\ntls: { certificate: cert.pem, key: key.pem }\n`);
  };
  const [first, renewed] = [await withTls(), await withTls()];
  expect(words(first, renewed)).toEqual(["changed setting tls"]);
  const { tls: _tls, ...without } = first;
  expect(words(without as Configuration, renewed)).toEqual(["changed setting tls (restart)"]);
});

test.each([
  ["a provider's audience", "audience: api://mayfly", "audience: api://other", [true, true]],
  ["a role's groups", "auditor: [security]", "auditor: [audit]", [true, true]],
  // A policy's name may say anything.
  ["a policy", "name: nobody writes at night", "name: identity people", [false, false]],
  ["an operation", "timeout: 30s", "timeout: 31s", [false, false]],
] as const)("%s is known by what it touches, not by its words", async (_, from, to, expected) => {
  const changes = describeChanges(await load(good), await load(good.replace(from, to)));
  expect([changes.some(touchesIdentity), changes.some(touchesSignals)]).toEqual(expected);
});
