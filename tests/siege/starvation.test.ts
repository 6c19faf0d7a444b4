import { readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { attacks } from "../starvation/attacks.ts";
import { besiege } from "../starvation/siege.ts";
import { startStage, type Stage } from "../starvation/stage.ts";
import { root } from "../support/gateway.ts";

/** How long each attack lasts here; `npm run torture` has it last longer. Seconds. */
const SECONDS = 1.5;
/** A second agent's requests stay below this, milliseconds. */
const P99_MS = 250;
/** What the process may take besides its resting memory: docs/security.md, "Bounds". Bytes. */
const DOCUMENTED_BYTES = 768 * 1_048_576;

let stage: Stage;
/** What the same agent sees when nobody attacks: on a busy machine that is not nothing. */
let quiet: number;
let resting: number;

beforeAll(async () => {
  stage = await startStage();
  const siege = await besiege(stage, "one small request after another", SECONDS);
  quiet = siege.p99;
  resting = siege.before.residentBytes;
});
afterAll(() => stage.stop());

const malicious = Object.keys(attacks).filter((name) => name !== "one small request after another");

describe("one agent cannot starve another", () => {
  test.each(malicious)("%s", { timeout: 60_000 }, async (name) => {
    const siege = await besiege(stage, name, SECONDS);
    expect(siege.failed).toEqual([]);
    expect(siege.requests).toBeGreaterThan(5);
    expect(siege.p99).toBeLessThan(P99_MS + 2 * quiet);
    expect(siege.peakBytes).toBeLessThan(1.5 * resting + DOCUMENTED_BYTES);
    expect(siege.givenBackMs).toBeDefined();
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
});
