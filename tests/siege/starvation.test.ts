import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { malicious } from "../starvation/attacks.ts";
import { gauges } from "../starvation/gauges.ts";
import { besiege } from "../starvation/siege.ts";
import { startStage, type Stage } from "../starvation/stage.ts";

/** How long each attack lasts here; `npm run torture` has it last longer. Seconds. */
const SECONDS = 1.5;
/** A second agent's requests stay below this, milliseconds. */
const P99_MS = 250;
/** What the process may take besides its resting memory: docs/security.md, "Bounds". Bytes. */
const DOCUMENTED_BYTES = 768 * 1_048_576;

/** The longest bound of docs/security.md that an attack meets, twice. */
const GIVE_BACK_MS = 20_000;

let stage: Stage;
/** What the same agent sees when nobody attacks: on a busy machine that is not nothing. */
let quiet: number;
let resting: number;
let connections: number;

beforeAll(async () => {
  stage = await startStage();
  const siege = await besiege(stage, "one small request after another", SECONDS);
  quiet = siege.p99;
  resting = siege.before.residentBytes;
  connections = siege.before.held["connections"] ?? Number.NaN;
});
afterAll(() => stage.stop());

describe("one agent cannot starve another", () => {
  // The slowest of about a hundred requests decides: again, where something else on the machine was in its way.
  test.each(malicious)("%s", { timeout: 90_000, retry: 2 }, async (name) => {
    const siege = await besiege(stage, name, SECONDS);
    expect(siege.failed).toEqual([]);
    expect(siege.requests).toBeGreaterThan(5);
    expect(siege.p99).toBeLessThan(P99_MS + 2 * quiet);
    expect(siege.peakBytes).toBeLessThan(1.5 * resting + DOCUMENTED_BYTES);
    expect(siege.givenBackMs).toBeLessThan(GIVE_BACK_MS);
  });
});

// Each attack may leave a few connections that just end. Together they must leave no more.
test("no attack has kept a connection's place", async () => {
  await expect
    .poll(async () => (await gauges(stage)).held["connections"], { timeout: 20_000, interval: 200 })
    .toBeLessThanOrEqual(connections + 2);
});
