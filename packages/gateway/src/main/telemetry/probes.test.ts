import { describe, expect, it } from "vitest";
import type { ConnectionConfiguration } from "../../configuration/types.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createProbes } from "./probes.ts";

/** A protocol whose targets are functions that say how they are. */
const protocol = {
  kind: "words",
  probe: (target: unknown, signal: AbortSignal) =>
    (target as (signal: AbortSignal) => Promise<number>)(signal),
} as unknown as AnyProtocol;

function connection(name: string, target: unknown, kind = "words"): [string, ConnectionConfiguration] {
  return [name, { name, kind, target, operations: new Map() }];
}

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve();
};

function start(all: [string, ConnectionConfiguration][]) {
  const clock = fakeClock();
  const state = { connections: new Map(all) };
  const turned: string[] = [];
  const probes = createProbes({
    turned: (name, { state, detail }) => turned.push(`${name} ${state} ${detail ?? ""}`.trim()),
    clock,
    connections: () => state.connections,
    protocols: [protocol],
    random: () => 0.5,
  });
  return { clock, state, probes, turned };
}

describe("probes", () => {
  it("look at every target soon after the start and every 30 s, and tell up from down", async () => {
    let looks = 0;
    const { clock, probes } = start([
      connection("up", async () => {
        looks += 1;
        return { milliseconds: 3 };
      }),
      connection("down", async () => {
        throw new Error("the database cannot be reached: ECONNREFUSED");
      }),
      connection("other", {}, "unheard of"),
    ]);
    expect(probes.health("up")).toEqual({ state: "unknown" });
    clock.advance(500);
    await settle();
    expect(probes.health("up")).toEqual({ state: "up", checkedAt: clock.wall(), milliseconds: 3 });
    expect(probes.health("down")).toMatchObject({
      state: "down",
      detail: "the database cannot be reached: ECONNREFUSED",
    });
    expect(probes.health("other")).toEqual({ state: "unknown" });
    expect(probes.health("nothing")).toEqual({ state: "unknown" });
    clock.advance(29_000);
    await settle();
    expect(looks).toBe(1);
    clock.advance(1000);
    await settle();
    expect(looks).toBe(2);
    await probes.stop();
  });

  it("tell when a target goes down and when it is up again, once each", async () => {
    let answers = true;
    const target = async (): Promise<{ milliseconds: number }> => {
      if (!answers) throw new Error("ECONNREFUSED");
      return { milliseconds: 1 };
    };
    const { clock, state, probes, turned } = start([connection("db", target)]);
    const look = async (): Promise<void> => {
      clock.advance(30_000);
      await settle();
    };
    await look();
    expect(turned).toEqual([]);
    answers = false;
    await look();
    await look();
    expect(turned).toEqual(["db down ECONNREFUSED"]);
    answers = true;
    await look();
    await look();
    expect(turned).toEqual(["db down ECONNREFUSED", "db up"]);
    // One that was configured anew is another: that it is down too is news.
    answers = false;
    await look();
    state.connections = new Map([connection("db", async () => Promise.reject(new Error("no such host")))]);
    await look();
    state.connections = new Map([connection("db", async () => ({ milliseconds: 1 }))]);
    await look();
    expect(turned.slice(2)).toEqual(["db down ECONNREFUSED", "db down no such host", "db up"]);
    await probes.stop();
  });

  it("gives up on a target that does not answer, and looks at the others meanwhile", async () => {
    const { clock, probes } = start([
      connection(
        "silent",
        (signal: AbortSignal) =>
          new Promise((_, reject) => {
            signal.addEventListener("abort", () => reject(new Error("aborted")));
          }),
      ),
      connection("up", async () => ({ milliseconds: 1 })),
    ]);
    clock.advance(500);
    await settle();
    expect(probes.health("up").state).toBe("up");
    expect(probes.health("silent").state).toBe("unknown");
    clock.advance(5000);
    await settle();
    expect(probes.health("silent")).toMatchObject({ state: "down", detail: "no answer within 5 s" });
    await probes.stop();
  });

  it("knows nothing of a target that was configured anew until it has looked, which a reload makes soon", async () => {
    const { clock, state, probes } = start([connection("db", async () => ({ milliseconds: 1 }))]);
    clock.advance(500);
    await settle();
    state.connections = new Map([connection("db", async () => ({ milliseconds: 2 }))]);
    expect(probes.health("db")).toEqual({ state: "unknown" });
    probes.lookSoon();
    clock.advance(500);
    await settle();
    expect(probes.health("db")).toMatchObject({ state: "up", milliseconds: 2 });
    await probes.stop();
  });

  it("end what is under way when the gateway stops, and look no more", async () => {
    let looks = 0;
    const { clock, probes } = start([
      connection("silent", (signal: AbortSignal) => {
        looks += 1;
        return new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(new Error("aborted")));
        });
      }),
    ]);
    clock.advance(500);
    await probes.stop();
    expect(probes.health("silent")).toEqual({ state: "unknown" });
    clock.advance(120_000);
    await settle();
    expect(looks).toBe(1);
  });

  it("are looked at for each question about now, and one look answers all that came before it began", async () => {
    let looks = 0;
    let silent = false;
    const target = (): Promise<{ milliseconds: number }> => {
      looks += 1;
      return silent ? new Promise(() => {}) : Promise.resolve({ milliseconds: looks });
    };
    const { clock, probes } = start([connection("db", target), connection("other", {}, "unheard of")]);
    const now = probes.healthNow(["db", "other", "gone"]);
    expect(Object.fromEntries(await now)).toEqual({
      db: { state: "up", checkedAt: clock.wall(), milliseconds: 1 },
      other: { state: "unknown" },
      gone: { state: "unknown" },
    });
    // The second comes when the first's look has begun.
    await Promise.all([probes.healthNow(["db"]), probes.healthNow(["db"])]);
    expect(looks).toBe(3);
    silent = true;
    clock.advance(1000);
    const late = probes.healthNow(["db"]);
    clock.advance(5000);
    expect((await late).get("db")?.state).not.toBe("up");
  });

  it("are looked at anew for a question about now: a look that began before it proves nothing", async () => {
    const ends: (() => void)[] = [];
    const target = (): Promise<{ milliseconds: number }> => {
      const { promise, resolve } = Promise.withResolvers<{ milliseconds: number }>();
      const number = ends.length + 1;
      ends.push(() => resolve({ milliseconds: number }));
      return promise;
    };
    const { clock, probes } = start([connection("db", target)]);
    clock.advance(500);
    await settle();
    expect(ends).toHaveLength(1);
    // It ends in the same millisecond as the questions come, and after them.
    const questions = [probes.healthNow(["db"]), probes.healthNow(["db"])];
    await settle();
    ends[0]?.();
    await settle();
    expect(probes.health("db").milliseconds).toBe(1);
    expect(ends).toHaveLength(2);
    // This one comes after the second look has begun.
    const later = probes.healthNow(["db"]);
    ends[1]?.();
    for (const question of questions) expect((await question).get("db")?.milliseconds).toBe(2);
    await settle();
    expect(ends).toHaveLength(3);
    ends[2]?.();
    expect((await later).get("db")?.milliseconds).toBe(3);
    // Nor does one that ended in this very millisecond, and began in it.
    const again = probes.healthNow(["db"]);
    await settle();
    expect(ends).toHaveLength(4);
    clock.advance(5000);
    expect((await again).get("db")).toEqual({ state: "unknown" });
    ends[3]?.();
    await probes.stop();
  });
});
