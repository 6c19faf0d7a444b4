import { beforeEach, describe, expect, test } from "vitest";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import type { Limits } from "../../configuration/types.ts";
import type { PlacesOf, SharedPlaces } from "../../grants/gateways/shared-places.ts";
import type { SessionRefused } from "../gate.ts";
import { createSessionPlaces, SETTLE_AFTER_MS, type SessionPlaces } from "./session-places.ts";

const limits = { sessionsPerGrant: 2, sessionsPerPrincipal: 3 } as Limits;
type Places = ReturnType<typeof createSessionPlaces>;

/** A session's places, which there must be. */
async function held(acquired: Promise<SessionPlaces | SessionRefused>): Promise<SessionPlaces> {
  const places = await acquired;
  if (places.kind === "refused") throw new Error(places.denial.message);
  return places;
}

test("one grant and one principal have so many sessions, and get them back", async () => {
  const places = createSessionPlaces(() => limits);
  const first = await held(places.acquire("gr_1", "a"));
  await held(places.acquire("gr_1", "a"));
  expect(await places.acquire("gr_1", "a")).toMatchObject({ code: "too_many" });
  await held(places.acquire("gr_2", "a"));
  // The principal's last place is taken, and the grant's is not lost by the attempt.
  for (let n = 0; n < 5; n += 1)
    expect(await places.acquire("gr_3", "a")).toMatchObject({
      code: "too_many",
      denial: { message: "the agent has 3 sessions open, as many as it may" },
    });
  await held(places.acquire("gr_3", "b"));
  first.release();
  await held(places.acquire("gr_3", "a"));
});

describe("over two gateways", () => {
  let clock: FakeClock;
  /** By `of key`, and in it by gateway. */
  let rows: Map<string, Map<string, number>>;
  let calls: string[];
  let fails: "before" | "after" | undefined;
  let here: Places;
  let there: Places;

  beforeEach(() => {
    clock = fakeClock();
    [rows, calls, fails] = [new Map(), [], undefined];
    const rowOf = (of: PlacesOf, key: string): Map<string, number> => {
      const row = rows.get(`${of} ${key}`) ?? new Map<string, number>();
      rows.set(`${of} ${key}`, row);
      return row;
    };
    const failing = <T>(work: () => T): Promise<T> => {
      if (fails === "before") return Promise.reject(new Error("away"));
      const value = work();
      return fails === "after" ? Promise.reject(new Error("away")) : Promise.resolve(value);
    };
    const store: SharedPlaces = {
      claim: (life, wanted) =>
        failing(() => {
          calls.push("claim");
          for (const { of, key, places, bound } of wanted) {
            let sum = places;
            for (const [other, count] of rowOf(of, key)) if (other !== life) sum += count;
            if (sum > bound) return of;
          }
          for (const { of, key, places } of wanted) rowOf(of, key).set(life, places);
          return undefined;
        }),
      settle: (life, { of, key, places }) =>
        failing(() => {
          calls.push("settle");
          rowOf(of, key).set(life, places);
        }),
    };
    here = createSessionPlaces(() => limits, { store, life: "here", clock });
    there = createSessionPlaces(() => limits, { store, life: "there", clock });
  });

  /** Lets what was released be said to the store. */
  async function settle(): Promise<void> {
    clock.advance(SETTLE_AFTER_MS);
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
  }

  test("a grant and a principal have as many as at one", async () => {
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? here : there).acquire("gr_1", "a")),
    );
    expect(all.filter(({ kind }) => kind === "places")).toHaveLength(2);
    expect((await here.acquire("gr_2", "a")).kind).toBe("places");
    expect(await there.acquire("gr_3", "a")).toMatchObject({
      code: "too_many",
      denial: { message: "the agent has 3 sessions open, as many as it may" },
    });
    expect((await there.acquire("gr_3", "b")).kind).toBe("places");
  });

  test("what one gives up is the other's after a moment, and until then costs it no call", async () => {
    const first = await held(here.acquire("gr_1", "a"));
    const second = await held(here.acquire("gr_1", "a"));
    first.release();
    const asked = calls.length;
    const third = await held(here.acquire("gr_1", "a"));
    expect(calls.length).toBe(asked);
    second.release();
    third.release();
    expect(await there.acquire("gr_1", "a")).toMatchObject({ code: "too_many" });
    await settle();
    expect(rows.get("grant gr_1")?.get("here")).toBe(0);
    await held(there.acquire("gr_1", "a"));
    await held(there.acquire("gr_1", "a"));
  });

  test.each(["before", "after"] as const)(
    "a store that fails %s it has counted opens nothing, and keeps nothing",
    async (when) => {
      fails = when;
      expect(await here.acquire("gr_1", "a")).toMatchObject({ code: "unavailable" });
      await settle();
      fails = undefined;
      await settle();
      await held(there.acquire("gr_1", "a"));
      await held(there.acquire("gr_1", "a"));
    },
  );
});
