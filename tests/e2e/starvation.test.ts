// tier: full
import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "@mayfly/testing/gateway.ts";
import { malicious, refusals } from "../starvation/attacks.ts";
import { besiege, isGivenBack } from "../starvation/siege.ts";
import { startStage, type Stage } from "../starvation/stage.ts";

// What is exact of the sieges: who is refused, who is served, and what is given back. How long the second agent waits and
// how much memory is used meanwhile is measured by `npm run siege`.

/** How long an attack lasts at least, seconds. */
const SECONDS = 1.5;

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
  // At rest is a gateway that has judged and served before.
  await besiege(stage, "one small request after another", SECONDS);
});
afterAll(() => stage.stop());

describe("one agent cannot starve another", () => {
  test.each(malicious)("%s", { timeout: 600_000 }, async (name) => {
    const siege = await besiege(stage, name, SECONDS);
    const refusal = refusals[name];
    const isRefused = refusal === undefined || (siege.did[refusal] ?? 0) > 0;
    expect(isRefused, `${refusal} among ${JSON.stringify(siege.did)}`).toBe(true);
    expect(siege.failed).toEqual([]);
    expect(siege.requests).toBeGreaterThan(0);
    expect(isGivenBack(siege.before, siege.after), JSON.stringify([siege.before, siege.after])).toBe(true);
    // Whatever a client does to its own connection is no fault of the gateway.
    expect(stage.gateway.lines.filter(({ msg }) => msg === "request failed")).toEqual([]);
  });
});

test("docs/security.md has a row for each attack, and no row without one", () => {
  const text = readFileSync(path.join(root, "docs/security.md"), "utf8");
  const bounds = /^## Bounds$([\s\S]*?)^## /m.exec(text)?.[1] ?? "";
  const named = [...bounds.matchAll(/“([^”]+)”/g)].map(([, name]) => name);
  for (const name of malicious) expect(named).toContain(name);
  // Rows of other protocols name a file too.
  const theirs = [...bounds.matchAll(/“([^”]+)” \(`([^`]+)`\)/g)];
  for (const [, name = "", file = ""] of theirs)
    expect(readFileSync(path.join(root, file), "utf8")).toContain(name);
  const elsewhere = new Set(theirs.map(([, name]) => name));
  expect(named.filter((name) => !elsewhere.has(name) && !malicious.includes(name ?? ""))).toEqual([]);
  for (const name of Object.keys(refusals)) expect(malicious).toContain(name);
});
