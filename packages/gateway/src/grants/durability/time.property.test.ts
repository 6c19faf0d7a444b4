import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import type { Ask, Grants } from "../grants.ts";
import { harness, minute, settle, type Harness } from "../testing/harness.ts";
import { agent } from "../testing/samples.ts";
import { BEAT_EVERY_MS } from "./progress.ts";

const TTL_MS = 20_000;
/** How often the test looks. */
const LOOK_MS = 250;

const read: Ask = {
  connection: "orders-db",
  operations: ["read-orders"],
  reason: "TICKET-1",
  ttl: TTL_MS,
  clientAddress: "",
};

/** One life of a gateway, and what happens between it and the next one. */
interface Run {
  readonly ms: number;
  /** Steps of the wall clock: in the middle of the run, and while nothing runs. */
  readonly stepIn: number;
  readonly stepBetween: number;
  readonly how: "killed" | "stopped" | "rebooted" | "rebooted after a stop";
  readonly downMs: number;
}

const step = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: -120 * minute, max: 0 }) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 3000 }) },
);
const run = fc.record({
  ms: fc.integer({ min: 0, max: 24 }).map((times) => times * LOOK_MS),
  stepIn: step,
  stepBetween: step,
  how: fc.constantFrom<Run["how"]>("killed", "killed", "stopped", "rebooted", "rebooted after a stop"),
  downMs: fc.integer({ min: 0, max: 3000 }),
});

interface Lived {
  /** Milliseconds in which the grant could be used. */
  readonly used: number;
  /** Milliseconds in which nothing ran, before the grant was over. */
  readonly down: number;
  /** Starts at which the time since the last beat could not be known. */
  readonly unknown: number;
}

async function live(runs: readonly Run[], knowsBoot: boolean): Promise<Lived> {
  const h: Harness = await harness({ poll: false });
  if (!knowsBoot) h.machine.boot = undefined;
  h.crash();
  let grants: Grants = await h.another();
  const grant = (await grants.request(agent, read)).grant ?? "";
  const lived = { used: 0, down: 0, unknown: 0 };
  const lookOn = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += LOOK_MS) {
      h.clock.advance(LOOK_MS);
      await settle();
      if (grants.live(grant) !== undefined) lived.used += LOOK_MS;
    }
  };
  try {
    for (const [at, one] of [...runs, ...runs].entries()) {
      await lookOn(one.ms / 2);
      h.clock.stepWall(one.stepIn);
      await lookOn(one.ms / 2);
      const wasLive = grants.live(grant) !== undefined;
      if (one.how === "stopped" || one.how === "rebooted after a stop") await grants.stop();
      h.crash();
      h.clock.stepWall(one.stepBetween);
      h.clock.advance(one.downMs);
      if (wasLive) lived.down += one.downMs;
      if (one.how.startsWith("rebooted") && knowsBoot) h.machine.boot = `boot ${at}`;
      if (!knowsBoot || one.how.startsWith("rebooted")) lived.unknown += 1;
      grants = await h.another();
    }
    await lookOn(2 * TTL_MS);
    return lived;
  } finally {
    await h.close();
  }
}

describe("a grant's whole life, over any restarts and any clock", () => {
  it.each([true, false])(
    "is no longer than it was given (the machine says how long it is up: %s)",
    async (knows) => {
      await fc.assert(
        fc.asyncProperty(fc.array(run, { minLength: 1, maxLength: 6 }), async (runs) => {
          const { used } = await live(runs, knows);
          expect(used).toBeLessThanOrEqual(TTL_MS + LOOK_MS);
        }),
        { numRuns: 60 },
      );
    },
  );

  it("is no shorter than what was left, where nobody turned the clock", async () => {
    const honest = fc
      .array(run, { minLength: 1, maxLength: 4 })
      .map((runs) => runs.map((one) => ({ ...one, stepIn: 0, stepBetween: 0 })));
    await fc.assert(
      fc.asyncProperty(honest, async (runs) => {
        const { used, down, unknown } = await live(runs, true);
        // A look may fall on either side of each start, and a boot costs at most one interval of beats.
        const slack = (runs.length * 2 + 2) * LOOK_MS + unknown * BEAT_EVERY_MS;
        expect(used + down).toBeGreaterThanOrEqual(TTL_MS - slack);
      }),
      { numRuns: 40 },
    );
  });

  it("is 20 s for a grant of 20 s although the clock goes back an hour at each restart, every 15 s or less", async () => {
    for (const ms of [250, 1000, 3000, 15_000]) {
      const one: Run = { ms, stepIn: 0, stepBetween: -60 * minute, how: "killed", downMs: 100 };
      const { used } = await live(
        Array.from({ length: Math.ceil(40_000 / ms / 2) }, () => one),
        true,
      );
      expect(used).toBeLessThanOrEqual(TTL_MS + LOOK_MS);
      expect(used).toBeGreaterThan(TTL_MS / 2);
    }
  });

  it("is 20 s too where each run ends before it could say what time it was, on a machine that does not say", async () => {
    // Turned back by exactly what has passed since the start.
    const one: Run = { ms: 1500, stepIn: 0, stepBetween: -1600, how: "rebooted", downMs: 100 };
    const { used } = await live(
      Array.from({ length: 15 }, () => one),
      false,
    );
    expect(used).toBeLessThanOrEqual(TTL_MS + LOOK_MS);
  });

  it("is bounded by the log's and the store's own times where the journal is gone", async () => {
    const h = await harness({ poll: false });
    const grant = (await h.grants.request(agent, read)).grant ?? "";
    for (let seconds = 0; seconds < 15; seconds += 5) {
      h.clock.advance(5000);
      await settle();
    }
    h.crash();
    h.journal.beat = undefined;
    h.clock.stepWall(-60 * minute);
    const next = await h.another();
    expect(next.live(grant)).toBeDefined();
    h.clock.advance(5000);
    expect(next.live(grant)).toBeUndefined();
    await h.close();
  });
});

it("goes by the wall clock again once nothing is live that a step ahead has aged, and tells of each", async () => {
  const h = await harness({ poll: false });
  h.crash();
  const told: string[] = [];
  const tell = (message: string): void => void told.push(message.split(",")[0] ?? "");
  const first = await h.another({ tell });
  const grant = (await first.request(agent, read)).grant ?? "";
  h.clock.stepWall(365 * 24 * 60 * minute);
  h.clock.advance(1000);
  await settle();
  expect(first.live(grant)).toBeUndefined();
  // What is given now has the wrong time, and keeps its term all the same when the clock is put right.
  const wrong = (await first.request(agent, read)).grant ?? "";
  h.clock.stepWall(-365 * 24 * 60 * minute);
  h.clock.advance(5000);
  await settle();
  h.crash();
  const second = await h.another({ tell });
  expect(second.live(wrong)).toBeDefined();
  h.clock.advance(TTL_MS);
  await settle();
  expect(second.live(wrong)).toBeUndefined();
  h.crash();
  const third = await h.another({ tell });
  const right = (await third.request(agent, read)).grant ?? "";
  expect((await h.store.grant(right))?.activatedAt).toBe(h.clock.wall());
  expect(told).toEqual([
    "the wall clock went ahead by 365d",
    "the wall clock was set back by 365d: grants and requests go on as if it had not been",
    expect.stringMatching(/^the wall clock is 365d behind what log$/),
  ]);
  await h.close();
});

describe("a gateway that fell silent", () => {
  const silent = async (how: (h: Harness) => Promise<void>): Promise<boolean> => {
    const h = await harness({ poll: false });
    const grant = (await h.grants.request(agent, { ...read, ttl: 10 * minute })).grant ?? "";
    await settle();
    await how(h);
    const next = await h.another();
    const isLive = next.live(grant) !== undefined;
    await h.close();
    return isLive;
  };

  it("leaves no grant behind once nobody knows for a minute what it did", async () => {
    expect(await silent(async (h) => (h.crash(), h.clock.advance(59_000)))).toBe(true);
    expect(await silent(async (h) => (h.crash(), h.clock.advance(63_000)))).toBe(false);
  });

  it("leaves them where it was stopped, however long it is away", async () => {
    expect(await silent(async (h) => (await h.grants.stop(), h.crash(), h.clock.advance(5 * minute)))).toBe(
      true,
    );
  });

  it("leaves none where the clock says that it is earlier than it was, on another boot", async () => {
    expect(
      await silent(async (h) => {
        h.crash();
        h.machine.boot = "another";
        h.clock.stepWall(-1000);
      }),
    ).toBe(false);
  });
});
