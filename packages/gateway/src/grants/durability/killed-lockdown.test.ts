import { expect, it } from "vitest";
import type { Ask } from "../grants.ts";
import * as asks from "../testing/asks.ts";
import { harness, minute, settle, type Harness } from "../testing/harness.ts";
import { agent, operator } from "../testing/samples.ts";

const read: Ask = { ...asks.read, ttl: 10 * minute };
const GRANTS = 5;

/** Kills the gateway at the nth call of store or log, before it or while its answer is on its way. */
function killAt(h: Harness, nth: number, how: "before" | "after"): () => boolean {
  let calls = 0;
  const step = (): boolean => {
    const isNow = calls++ === nth;
    if (isNow) h.crash();
    return isNow;
  };
  h.store.fault = () => (step() && how === "before" ? new Promise<undefined>(() => undefined) : undefined);
  h.log.before = () => (step() && how === "before" ? "lost" : undefined);
  return () => calls > nth;
}

it("a lock-down that was killed at any of its steps ends everything, or nothing is known of it", async () => {
  const wrong: string[] = [];
  let known = 0;
  for (const how of ["before", "after"] as const) {
    for (let nth = 0; nth < 60; nth++) {
      const h = await harness({ poll: false });
      const ids: string[] = [];
      for (let n = 0; n < GRANTS; n++) ids.push((await h.grants.request(agent, read)).grant ?? "");
      const pending = await h.grants.request(agent, { ...read, operations: ["refund-order"] });
      const isHit = killAt(h, nth, how);
      void h.grants.lockdown(operator, "incident").catch(() => undefined);
      await settle();
      h.crash();
      h.store.fault = undefined;
      h.log.before = undefined;
      const isKnown = h.log.types().includes("lockdown.started") || (await h.store.lockdown()) !== undefined;
      const next = await h.another();
      if (isKnown) {
        known += 1;
        if (next.locked === undefined) wrong.push(`${how} ${nth}: not locked`);
        // Lifted in the same moment, and started once more: nothing comes back.
        await next.lift(operator);
        const alive = ids.filter((id) => next.live(id) !== undefined).length;
        h.crash();
        const last = await h.another();
        const later = ids.filter((id) => last.live(id) !== undefined).length;
        if (alive + later > 0) wrong.push(`${how} ${nth}: ${alive} live, ${later} after another start`);
        if (last.locked !== undefined) wrong.push(`${how} ${nth}: locked again`);
        if ((await h.store.request(pending.id))?.state === "pending") wrong.push(`${how} ${nth}: pending`);
        const ends = h.log.types().filter((type) => type === "grant.revoked").length;
        if (ends !== GRANTS) wrong.push(`${how} ${nth}: ${ends} ends on record`);
      }
      await h.close();
      if (!isHit()) break;
    }
  }
  expect(wrong).toEqual([]);
  expect(known).toBeGreaterThan(GRANTS);
});
