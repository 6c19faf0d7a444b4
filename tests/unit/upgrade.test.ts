import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { loadConfiguration } from "../../packages/gateway/src/configuration/load.ts";
import { protocols } from "../../packages/gateway/src/main/protocols.ts";
import { root } from "@mayfly/testing/gateway.ts";

// A grant ends when what its operation means has changed. An upgrade alone must not change it: members that came later
// have to say nothing while they are not written.

const folder = path.join(root, "tests/upgrade/0.1.0");
const before = JSON.parse(readFileSync(path.join(folder, "digests.json"), "utf8")) as Record<string, string>;
const files = ["http.yaml", "kubernetes.yaml", "mcp.yaml", "postgres.yaml"];

test("operations written for 0.1.0 have the digests that they had in it", async () => {
  const now: Record<string, string> = {};
  for (const file of files) {
    const text = readFileSync(path.join(folder, file), "utf8");
    const variables = [...text.matchAll(/\b[A-Z]+(?:_[A-Z]+)+\b/g)].map(([name]) => name);
    const environment = Object.fromEntries(
      variables.map((name) => [name, "a value of 32 characters or more"]),
    );
    const loaded = await loadConfiguration(path.join(folder, file), protocols, environment);
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems));
    for (const [connection, { operations }] of loaded.configuration.connections)
      for (const [operation, { digest }] of operations) now[`${file}: ${connection}/${operation}`] = digest;
  }
  expect(now).toEqual(before);
});
