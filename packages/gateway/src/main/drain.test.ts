import { EventEmitter } from "node:events";
import { pino } from "pino";
import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createDrain, type Drain } from "./drain.ts";
import { listenForStop } from "./stop-signals.ts";

const MINUTE_MS = 60_000;

/** A drain of a gateway with so many sessions, and what it did. */
function draining(settings: { drain: number; announce: number; endIdle: boolean }, sessions = 2) {
  const clock = fakeClock();
  const did: string[] = [];
  const said: Record<string, unknown>[] = [];
  let left = (): void => undefined;
  const gates = {
    sessions,
    drain: (endIdle: boolean) => void did.push(`gates ${endIdle}`),
    emptied: (signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        left = resolve;
        if (gates.sessions === 0 || signal.aborted) resolve();
        signal.addEventListener("abort", () => resolve());
      }),
  };
  const drain: Drain = createDrain({
    clock,
    logger: pino({ base: null, timestamp: false }, { write: (line) => void said.push(JSON.parse(line)) }),
    gates,
    https: { leave: () => void did.push("leave"), closeIdle: () => void did.push("close idle") },
    listeners: () => [{ close: () => void did.push("close port") }],
    settings: () => settings,
  });
  return {
    clock,
    did,
    said,
    drain,
    leave(now: number) {
      gates.sessions = now;
      if (now === 0) left();
    },
  };
}

const never = new AbortController().signal;
/** Lets what was resolved go on. */
const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test("a gateway that is not to drain does nothing, and says nothing", async () => {
  const { drain, did, said } = draining({ drain: 0, announce: 5000, endIdle: true });
  await drain.run(never);
  expect([did, said, drain.isUnderWay]).toEqual([[], [], false]);
});

test("it is announced first; then nobody is taken in, until the last session has gone", async () => {
  const { clock, drain, did, said, leave } = draining({ drain: MINUTE_MS, announce: 5000, endIdle: false });
  const run = drain.run(never);
  clock.advance(4999);
  await settled();
  expect([did, drain.isUnderWay]).toEqual([["leave"], true]);
  clock.advance(1);
  await settled();
  expect(did).toEqual(["leave", "gates false", "close port", "leave", "close idle"]);
  leave(1);
  clock.advance(10_000);
  leave(0);
  await run;
  expect(said).toMatchObject([
    { msg: "draining", sessions: 2, announce: "5s", drain: "1m" },
    { msg: "still draining", sessions: 1, left: "50s" },
    { msg: "drained", sessions: 0 },
  ]);
});

test("it ends at its bound, with what is still open", async () => {
  const { clock, drain, said } = draining({ drain: 5000, announce: 0, endIdle: true });
  const run = drain.run(never);
  clock.advance(0);
  await settled();
  clock.advance(5000);
  await run;
  expect(said.at(-1)).toMatchObject({ msg: "drain is over", sessions: 2 });
});

test.each([0, MINUTE_MS])("it is given up at once where it has been announced for %i ms", async (passed) => {
  const { clock, drain, did } = draining({ drain: MINUTE_MS, announce: MINUTE_MS, endIdle: false });
  const now = new AbortController();
  const run = drain.run(now.signal);
  clock.advance(passed);
  await settled();
  now.abort();
  await run;
  expect(did.includes("gates false")).toBe(passed > 0);
});

test.each([
  [["SIGTERM"], true, false],
  [["SIGTERM", "SIGTERM"], true, true],
  [["SIGTERM", "SIGINT"], true, true],
  [["SIGINT"], false, true],
] as const)("after %j: may drain %j, ends at once %j", async (signals, mayDrain, isNow) => {
  const target = new EventEmitter();
  const stop = listenForStop(target as unknown as NodeJS.Process);
  for (const signal of signals) target.emit(signal);
  expect(await stop.first).toEqual({ signal: signals[0], mayDrain });
  expect(stop.now.aborted).toBe(isNow);
});
