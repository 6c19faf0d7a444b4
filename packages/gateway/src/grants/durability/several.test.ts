import { expect, it } from "vitest";
import type { Ask } from "../grants.ts";
import * as asks from "../testing/asks.ts";
import { trailOf, fakeLog, harness, minute, settle, type FakeLog, type Harness } from "../testing/harness.ts";
import { agent, operator } from "../testing/samples.ts";

const read: Ask = { ...asks.read, ttl: 10 * minute };

const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "done",
    (error: { code?: string }) => error.code ?? "not ours",
  );

/** One gateway of several on a store, with a log of its own. */
const gateway = (h: Harness, log: FakeLog, id: string): ReturnType<Harness["another"]> =>
  h.another({ poll: {}, log, trail: { ...trailOf(log), id } });

it("an end that one gateway took while the store was away reaches the others when it starts again", async () => {
  const h = await harness({ poll: false });
  h.crash();
  const [logA, logB] = [fakeLog(() => h.clock.wall()), fakeLog(() => h.clock.wall())];
  const a = await gateway(h, logA, "a");
  const mine = (await a.request(agent, read)).grant ?? "";
  const other = (await a.request(agent, read)).grant ?? "";
  const b = await gateway(h, logB, "b");
  expect([b.live(mine), b.live(other)].every((live) => live !== undefined)).toBe(true);
  // B learns of the end; the store does not, and B dies.
  h.store.fault = () => "lost";
  expect(await code(b.revoke(operator, mine, "suspicious"))).toBe("store_unavailable");
  h.crash();
  h.store.fault = undefined;
  const again = await gateway(h, logB, "b");
  expect(again.live(mine)).toBeUndefined();
  expect(again.live(other)).toBeDefined();
  // A, whose log knows nothing of it, starts after it.
  const next = await gateway(h, logA, "a");
  expect(next.live(mine)).toBeUndefined();
  expect(next.live(other)).toBeDefined();
  expect(logA.types().filter((type) => type === "grant.revoked")).toEqual([]);
  expect(logB.types().filter((type) => type === "grant.revoked")).toHaveLength(1);
  await h.close();
});

it("a record that one gateway owes is written into its own log, and by nobody else", async () => {
  const h = await harness({ poll: false });
  h.crash();
  const [logA, logB] = [fakeLog(() => h.clock.wall()), fakeLog(() => h.clock.wall())];
  const a = await gateway(h, logA, "a");
  const grant = (await a.request(agent, read)).grant ?? "";
  logA.failing = "append";
  expect(await code(a.revoke(operator, grant, "suspicious"))).toBe("log_unavailable");
  h.crash();
  logA.failing = undefined;
  const b = await gateway(h, logB, "b");
  expect(b.live(grant)).toBeUndefined();
  expect(logB.types()).not.toContain("grant.revoked");
  await gateway(h, logA, "a");
  expect(logA.types().filter((type) => type === "grant.revoked")).toHaveLength(1);
  await h.close();
});

it("a gateway that was away for long ends nothing that others serve", async () => {
  const h = await harness({ poll: false });
  h.crash();
  const [logA, logB] = [fakeLog(() => h.clock.wall()), fakeLog(() => h.clock.wall())];
  const journal = h.journal.open();
  const a = await h.another({ poll: {}, log: logA, trail: { ...trailOf(logA), id: "a" }, journal });
  const grant = (await a.request(agent, read)).grant ?? "";
  await settle();
  h.crash();
  h.clock.advance(2 * minute);
  const b = await gateway(h, logB, "b");
  await h.another({ poll: {}, log: logA, trail: { ...trailOf(logA), id: "a" }, journal: h.journal.open() });
  h.clock.advance(1000);
  await settle();
  expect(b.live(grant)).toBeDefined();
  await h.close();
});
