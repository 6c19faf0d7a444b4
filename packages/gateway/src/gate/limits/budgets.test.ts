import { beforeEach, expect, it } from "vitest";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import type { LiveGrant } from "../../grants/types.ts";
import { memoryBudgets, type MemoryBudgets } from "../testing/memory-budgets.ts";
import { createBudgets, MAX_UNUSED_MS, REMEMBERED_MS, type Budgets, WAIT_FOR_OTHERS_MS } from "./budgets.ts";

let clock: FakeClock;
let store: MemoryBudgets;
let here: Budgets;
let there: Budgets;
/** One grant, as each of two gateways holds it. */
let live: readonly [LiveGrant, LiveGrant];

beforeEach(() => {
  clock = fakeClock();
  store = memoryBudgets();
  [here, there] = [createBudgets(store, clock), createBudgets(store, clock)];
  const grant = (): LiveGrant => ({ grant: { id: "gr_1" } }) as unknown as LiveGrant;
  live = [grant(), grant()];
});

/** Consumes one as a protocol does that can wait. */
async function act(budget: number, at: 0 | 1 = 0): Promise<"permit" | "ask" | "retry"> {
  for (;;) {
    const consumed = [here, there][at]?.consume(live[at], "api/refund", budget);
    if (consumed === undefined) return "permit";
    if (!(consumed instanceof Promise)) return consumed.remedy as "ask" | "retry";
    await consumed;
  }
}

const takenOf = (): number => store.taken.get("gr_1 api/refund") ?? 0;
const microtasks = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

it.each([1, 2, 3, 7])("permits exactly %i, at two gateways at once", async (budget) => {
  const tries = Array.from({ length: 40 }, (_, at) => act(budget, at % 2 === 0 ? 0 : 1));
  const outcomes = await Promise.all(tries);
  expect(outcomes.filter((one) => one === "permit")).toHaveLength(budget);
  expect(new Set(outcomes.filter((one) => one !== "permit"))).toEqual(new Set(["ask"]));
});

it("takes a small budget one at a time, so that the other gateway may have the rest", async () => {
  expect(await act(3, 0)).toBe("permit");
  expect(await act(3, 1)).toBe("permit");
  expect(await act(3, 0)).toBe("permit");
  expect(await act(3, 1)).toBe("ask");
  expect(store.calls).toEqual(["take 1", "take 1", "take 1", "take 1"]);
});

it("takes of a large budget ahead, and permits exactly as many all the same", async () => {
  for (let n = 0; n < 1000; n += 1) expect(await act(1000)).toBe("permit");
  expect(store.calls.length).toBeLessThan(100);
  expect(takenOf()).toBe(1000);
});

it("gives back what it took ahead and did not use, to whoever waits for it", async () => {
  expect(await act(100, 0)).toBe("permit");
  const ahead = takenOf() - 1;
  expect(ahead).toBeGreaterThan(0);
  store.taken.set("gr_1 api/refund", 100);
  const waits = act(100, 1);
  await microtasks();
  clock.advance(MAX_UNUSED_MS);
  await microtasks();
  expect(store.calls).toContain(`give back ${ahead}`);
  clock.advance(100);
  expect(await waits).toBe("permit");
});

it("denies once nobody gave anything back, and asks the store again only after a while", async () => {
  store.taken.set("gr_1 api/refund", 100);
  const first = act(100);
  for (let waited = 0; waited <= WAIT_FOR_OTHERS_MS; waited += 100) {
    await microtasks();
    clock.advance(100);
  }
  expect(await first).toBe("ask");
  const asked = store.calls.length;
  for (let n = 0; n < 50; n += 1) expect(await act(100)).toBe("ask");
  expect(store.calls.length).toBe(asked);
  store.taken.set("gr_1 api/refund", 99);
  clock.advance(REMEMBERED_MS);
  expect(await act(100)).toBe("permit");
});

it("denies while the store cannot say, with a remedy of its own, and uses what it holds", async () => {
  expect(await act(1000)).toBe("permit");
  store.broken = "away";
  const held = takenOf() - 1;
  for (let n = 0; n < held; n += 1) expect(await act(1000)).toBe("permit");
  expect(await act(1000)).toBe("retry");
  store.broken = undefined;
  expect(await act(1000)).toBe("retry");
  clock.advance(REMEMBERED_MS);
  expect(await act(1000)).toBe("permit");
});

it("counts as used what cannot be given back", async () => {
  expect(await act(1000)).toBe("permit");
  const taken = takenOf();
  store.broken = "away";
  await here.stop();
  store.broken = undefined;
  await here.stop();
  expect(takenOf()).toBe(taken);
});

it("gives everything back at a stop", async () => {
  expect(await act(1000)).toBe("permit");
  await here.stop();
  expect(takenOf()).toBe(1);
});

it("follows a budget that a reload has changed", async () => {
  expect(await act(1)).toBe("permit");
  expect(await act(1)).toBe("ask");
  expect(await act(2)).toBe("permit");
  expect(await act(1)).toBe("ask");
});

it("consumes none that were taken ahead of a budget that a reload has lowered since", async () => {
  expect(await act(1000)).toBe("permit");
  expect(takenOf()).toBeGreaterThan(2);
  const outcomes = await Promise.all([act(2), act(2), act(2)]);
  expect(outcomes.toSorted((a, b) => a.localeCompare(b))).toEqual(["ask", "ask", "permit"]);
  expect(takenOf()).toBe(2);
});

it("waits for what is being given back before it says that none is left", async () => {
  expect(await act(100)).toBe("permit");
  store.taken.set("gr_1 api/refund", 100);
  const giving = Promise.withResolvers<undefined>();
  const { giveBack } = store;
  store.giveBack = (...what) => giving.promise.then(() => giveBack(...what));
  clock.advance(MAX_UNUSED_MS);
  const waits = act(100);
  await microtasks();
  giving.resolve(undefined);
  expect(await waits).toBe("permit");
  expect(store.calls.filter((call) => call.startsWith("take"))).toHaveLength(2);
});
