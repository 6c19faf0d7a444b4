// tier: full
import { afterAll, beforeAll, expect, test } from "vitest";
import { besiege, POSTGRES_ATTACKS, startStage, type Stage } from "@mayfly/testing/postgres-siege.ts";
import { gauges } from "../starvation/gauges.ts";
import { gaugesAfter, isGivenBack } from "../starvation/siege.ts";

// One agent attacks on its own grant and database; a second agent beside it is served, and everything is given back with
// the attacker's grants at the latest. How long the second agent waits, and how much memory is used, is measured by
// `npm run siege`.

let stage: Stage;

beforeAll(async () => {
  stage = await startStage();
  // At rest is a gateway that has judged and served before.
  await besiege(stage, "small texts that are all new, pipelined", 1, Number.POSITIVE_INFINITY);
  await stage.renewAttacker();
  // The sessions of that attack are gone before the first one is counted.
  while ((await gauges(stage)).sessions > 0) await new Promise((resolve) => setTimeout(resolve, 100));
});
afterAll(() => stage.stop());

test.each(POSTGRES_ATTACKS)(
  "%s: a second agent is served, and everything is given back with the grant",
  { timeout: 600_000 },
  async (name) => {
    const before = await gauges(stage);
    const siege = await besiege(stage, name, 2, Number.POSITIVE_INFINITY);
    expect(siege.failed).toEqual([]);
    expect(siege.did).toBeGreaterThan(0);
    expect(siege.queries).toBeGreaterThan(0);
    await stage.renewAttacker();
    const after = await gaugesAfter(stage, before);
    expect(isGivenBack(before, after), JSON.stringify([before, after])).toBe(true);
  },
);
