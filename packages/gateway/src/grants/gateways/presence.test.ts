import { beforeEach, describe, expect, it } from "vitest";
import { fakeClock, type FakeClock } from "@mayfly/testing/fake-clock.ts";
import {
  BEAT_EVERY_MS,
  checkIn,
  clocksApart,
  LOOK_FOR_MS,
  MAX_CLOCK_APART_MS,
  startPresence,
  type Presence,
} from "./presence.ts";
import { GONE_AFTER_MS } from "../../kernel/gateways.ts";
import type { GatewayRegistry, RegisteredGateway, Registration } from "./registry.ts";

/** The store's clock and this machine's. */
let clock: FakeClock;
let storeAhead: number;
let rows: Map<string, RegisteredGateway>;
let registry: GatewayRegistry;
let isAway: boolean;

beforeEach(() => {
  clock = fakeClock();
  [storeAhead, isAway, rows] = [0, false, new Map()];
  const now = (): number => clock.wall() + storeAhead;
  const answer = <T>(value: () => T): Promise<T> =>
    isAway ? Promise.reject(new Error("away")) : Promise.resolve(value());
  registry = {
    read: () => answer(() => ({ now: now(), gateways: [...rows.values()] })),
    claim: (me, over) =>
      answer(() => {
        const held = rows.get(me.name);
        if (held !== undefined && (held.life !== over?.life || held.beats !== over.beats)) return false;
        rows.set(me.name, { ...me, beats: 0, startedAt: now(), seenAt: now() });
        return true;
      }),
    beat: ({ name, life }) =>
      answer(() => {
        const held = rows.get(name);
        if (held?.life !== life) return false;
        rows.set(name, { ...held, beats: held.beats + 1, seenAt: now() });
        return true;
      }),
    leave: ({ name, life }) =>
      answer(() => {
        if (rows.get(name)?.life === life) rows.delete(name);
      }),
  };
});

const gateway = (life: string, change: Partial<Registration> = {}): Registration => ({
  name: "gateway-1",
  life,
  place: `folder of ${life}`,
  host: "host",
  version: "1.0.0",
  ...change,
});

const said: (string | undefined)[] = [];
const start = async (me: Registration): Promise<Presence> => {
  said.length = 0;
  const over = await checkIn(registry, me, clock);
  return startPresence({ registry, clock, me, over, onChange: (why) => void said.push(why) });
};
const microtasks = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};
/** Lets beats happen. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= BEAT_EVERY_MS) {
    clock.advance(Math.min(left, BEAT_EVERY_MS));
    await microtasks();
  }
}

describe("a gateway's name", () => {
  it("is its own while it beats, wherever the other runs", async () => {
    const first = await start(gateway("a"));
    const [second] = await Promise.all([
      start(gateway("b")).catch((error: unknown) => error),
      microtasks().then(() => pass(LOOK_FOR_MS)),
    ]);
    expect(second).toMatchObject({ code: "log_name_taken" });
    expect(first.live.map(({ life }) => life)).toEqual(["a"]);
    expect(first.unavailable).toBeUndefined();
  });

  it("is free at once when it stopped, and for others beside", async () => {
    const first = await start(gateway("a"));
    const other = await start(gateway("b", { name: "gateway-2" }));
    expect(other.live).toHaveLength(2);
    await first.stop();
    await start(gateway("c"));
  });

  it("is free at once for the folder of one that was killed", async () => {
    rows.set("gateway-1", {
      ...gateway("a", { place: "here" }),
      beats: 7,
      startedAt: 0,
      seenAt: clock.wall(),
    });
    await start(gateway("b", { place: "here" }));
    expect(rows.get("gateway-1")?.life).toBe("b");
  });

  it("is free for another folder once it does not beat", async () => {
    rows.set("gateway-1", { ...gateway("a"), beats: 7, startedAt: 0, seenAt: clock.wall() });
    const second = start(gateway("b"));
    await microtasks();
    expect(rows.get("gateway-1")?.life).toBe("a");
    clock.advance(LOOK_FOR_MS);
    await second;
    rows.set("gateway-3", {
      ...gateway("c", { name: "gateway-3" }),
      beats: 7,
      startedAt: 0,
      seenAt: clock.wall() - GONE_AFTER_MS - 1,
    });
    await start(gateway("d", { name: "gateway-3" }));
  });

  it("goes to one of two that start at once", async () => {
    rows.set("gateway-1", {
      ...gateway("a"),
      beats: 7,
      startedAt: 0,
      seenAt: clock.wall() - GONE_AFTER_MS - 1,
    });
    const both = await Promise.allSettled([start(gateway("b")), start(gateway("c"))]);
    expect(both.map(({ status }) => status).toSorted((a, b) => a.localeCompare(b))).toEqual([
      "fulfilled",
      "rejected",
    ]);
  });

  it("that another has taken stops this one from serving anything new", async () => {
    const first = await start(gateway("a"));
    rows.set("gateway-1", { ...gateway("b"), beats: 0, startedAt: 0, seenAt: clock.wall() });
    await pass(BEAT_EVERY_MS);
    expect(first.unavailable).toMatch(/taken the name gateway-1/);
    expect(said).toHaveLength(1);
    await first.stop();
    expect(rows.get("gateway-1")?.life).toBe("b");
  });
});

describe("clocks", () => {
  it.each([
    [100, 90, 110, 0],
    [80, 90, 110, 10],
    [130, 90, 110, -20],
  ])("a store that says %i between %i and %i is apart by at least %i", (other, before, after, apart) =>
    expect(clocksApart(other, before, after)).toBe(apart),
  );

  it.each([1, -1])("that disagree at a start refuse it", async (sign) => {
    storeAhead = sign * MAX_CLOCK_APART_MS;
    await (await start(gateway("a"))).stop();
    storeAhead = sign * (MAX_CLOCK_APART_MS + 1);
    await expect(start(gateway("b"))).rejects.toMatchObject({ code: "clock_apart" });
    expect(rows.size).toBe(0);
  });

  it("that come to disagree stop anything new, until they agree again", async () => {
    const first = await start(gateway("a"));
    storeAhead = -60_000;
    await pass(BEAT_EVERY_MS);
    expect(first.unavailable).toBe("this machine's clock is 1m ahead of the store's: let NTP set both");
    storeAhead = 0;
    await pass(BEAT_EVERY_MS);
    expect(first.unavailable).toBeUndefined();
    expect(said).toEqual([expect.stringContaining("1m ahead"), undefined]);
  });
});

it("registers again with a store that has lost it, as a replica may have that was promoted", async () => {
  const first = await start(gateway("a"));
  rows.clear();
  await pass(BEAT_EVERY_MS);
  expect(first.unavailable).toBeUndefined();
  expect(rows.get("gateway-1")?.life).toBe("a");
});

it("goes on beating when the store is back", async () => {
  const first = await start(gateway("a"));
  const beats = rows.get("gateway-1")?.beats ?? 0;
  isAway = true;
  await pass(3 * BEAT_EVERY_MS);
  isAway = false;
  await pass(BEAT_EVERY_MS);
  expect(rows.get("gateway-1")?.beats).toBe(beats + 1);
  await first.stop();
  await pass(BEAT_EVERY_MS);
  expect(rows.size).toBe(0);
});
