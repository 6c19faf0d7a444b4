import { EventEmitter } from "node:events";
import pino from "pino";
import { beforeEach, expect, test } from "vitest";
import type { Reload } from "../reload.ts";
import type { FromWorker, ToWorker } from "./messages.ts";
import { createSupervisor, type Supervisor, WorkersEnded } from "./supervisor.ts";

// The supervisor with processes that say what a test has them say.

/** A process that was made, by the number of the worker that it is. */
class Fake extends EventEmitter {
  readonly pid = 1;
  readonly stderr = null;
  connected = true;
  readonly told: ToWorker[] = [];
  isKilled = false;
  send(message: ToWorker, sent: (error: Error | null) => void): boolean {
    this.told.push(message);
    sent(null);
    return true;
  }
  kill(): boolean {
    this.isKilled = true;
    this.end();
    return true;
  }
  end(): void {
    if (!this.connected) return;
    this.connected = false;
    this.emit("close", 1, null);
  }
  say(message: FromWorker): void {
    this.emit("message", message);
  }
  ready(digest: string): void {
    this.say({
      kind: "ready",
      ready: { url: "https://gw.example", ports: {} },
      inForce: { digest, leaveMs: 60_000 },
    });
  }
  answer(outcome: Reload, digest: string): void {
    this.say({ kind: "reloaded", outcome, inForce: { digest, leaveMs: 60_000 } });
  }
  get reloads(): number {
    return this.told.filter(({ kind }) => kind === "reload").length;
  }
  /** The configuration that it was started for. */
  get configuration(): string | undefined {
    const [start] = this.told;
    return start?.kind === "start" ? start.start.configuration : undefined;
  }
}

const ADOPTED: Reload = { adopted: true, changes: [], ended: 0, voided: 0 };
let made: Fake[];
let now: number;
let timers: { readonly at: number; readonly run: () => void }[];
let supervisor: Supervisor;
beforeEach(() => {
  made = [];
  timers = [];
  now = 0;
  supervisor = createSupervisor({
    count: 2,
    options: { config: "mayfly.yaml", logLevel: "silent" },
    clock: {
      monotonic: () => now,
      schedule(ms, run) {
        const timer = { at: now + ms, run };
        timers.push(timer);
        return () => void (timers = timers.filter((one) => one !== timer));
      },
    },
    logger: pino({ level: "silent" }),
    sink: { write: () => true },
    makeProcess() {
      const process = new Fake();
      made.push(process);
      return process;
    },
  });
});

/** Lets everything happen that waits for nothing. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function pass(ms: number): Promise<void> {
  now += ms;
  const due = timers.filter(({ at }) => at <= now);
  timers = timers.filter(({ at }) => at > now);
  for (const { run } of due) run();
  await settle();
}

/** The process that was made as the so-manieth, from 1. */
function process(nth: number): Fake {
  const found = made[nth - 1];
  if (found === undefined) throw new Error(`there are ${made.length} processes`);
  return found;
}

/** Two workers that run the configuration "old". */
async function started(): Promise<void> {
  const starting = supervisor.start();
  await settle();
  process(1).ready("old");
  await settle();
  process(2).ready("old");
  await starting;
}

/** A worker that has died, and its process that starts in its place, the third. */
async function secondStartsAgain(): Promise<Fake> {
  process(2).end();
  await settle();
  await pass(200);
  return process(3);
}

test("a worker that starts while the others reload is brought what they adopted", async () => {
  await started();
  const again = await secondStartsAgain();
  const reloading = supervisor.reload();
  await settle();
  process(1).answer(ADOPTED, "new");
  await reloading;
  expect(again.reloads).toBe(0);
  again.ready("old");
  await settle();
  expect(again.told.at(-1)).toEqual({ kind: "reload", configuration: "new" });
  again.answer(ADOPTED, "new");
  await settle();
  expect([again.isKilled, again.reloads, process(1).reloads]).toEqual([false, 1, 1]);
});

test("also one that becomes ready in the middle of a reload; and one that does not adopt it ends", async () => {
  await started();
  const again = await secondStartsAgain();
  const reloading = supervisor.reload();
  await settle();
  again.ready("old");
  await settle();
  process(1).answer(ADOPTED, "new");
  await settle();
  expect(again.told.at(-1)).toEqual({ kind: "reload", configuration: "new" });
  again.answer({ adopted: false, why: ["another file"] }, "old");
  await reloading;
  await settle();
  again.answer({ adopted: false, why: ["another file"] }, "old");
  await settle();
  expect([again.isKilled, process(1).isKilled]).toEqual([true, false]);
});

test("a reload that the first worker refuses reaches no other", async () => {
  await started();
  const reloading = supervisor.reload();
  await settle();
  process(1).answer({ adopted: false, why: ["half a file"] }, "old");
  await reloading;
  expect(process(2).reloads).toBe(0);
});

test("a worker that hangs in a reload is killed, and those behind it are told", async () => {
  await started();
  const reloading = supervisor.reload();
  await settle();
  await pass(29_999);
  expect([process(1).isKilled, process(2).reloads]).toEqual([false, 0]);
  await pass(1);
  expect([process(1).isKilled, process(2).reloads]).toEqual([true, 1]);
  process(2).answer(ADOPTED, "new");
  await reloading;
  await pass(200);
  expect(process(3).configuration).toBe("new");
});

test("a worker starts again for the configuration of the others alone, and waits as long as it takes", async () => {
  await started();
  process(2).end();
  await settle();
  await pass(200);
  for (let times = 0; times < 10; times += 1) {
    const waiting = made.at(-1) as Fake;
    expect(waiting.configuration).toBe("old");
    waiting.say({ kind: "differs" });
    waiting.end();
    await settle();
    await pass(10_000);
    expect(made).toHaveLength(times + 4);
  }
  const isFailed = await Promise.race([supervisor.failed.catch(() => true), settle().then(() => false)]);
  expect(isFailed).toBe(false);
  const reloading = supervisor.reload();
  await settle();
  process(1).answer(ADOPTED, "new");
  await reloading;
  made.at(-1)?.say({ kind: "differs" });
  made.at(-1)?.end();
  await settle();
  await pass(10_000);
  expect(made.at(-1)?.configuration).toBe("new");
});

test("where no worker serves, SIGHUP accepts the file for all", async () => {
  await started();
  for (const nth of [1, 2]) process(nth).end();
  await settle();
  await supervisor.reload();
  await pass(200);
  expect([process(3).configuration, process(4).configuration]).toEqual([undefined, undefined]);
  process(3).ready("new");
  process(4).ready("newer");
  await settle();
  expect([process(3).reloads, process(4).told.at(-1)]).toEqual([0, { kind: "reload", configuration: "new" }]);
});

test("a worker that dies again and again fails the gateway", async () => {
  await started();
  for (let times = 0; times < 6; times += 1) {
    made.at(-1)?.end();
    await settle();
    await pass(5000);
  }
  await expect(supervisor.failed).rejects.toBeInstanceOf(WorkersEnded);
});

test("a worker that hangs when it is to drain is killed once every drain is over", async () => {
  await started();
  const stopping = supervisor.stop("SIGTERM", new AbortController().signal);
  process(1).say({ kind: "stopping" });
  process(1).end();
  await pass(60_000 + 24_999);
  expect(process(2).isKilled).toBe(false);
  await pass(1);
  expect([process(1).isKilled, process(2).isKilled]).toEqual([false, true]);
  await stopping;
});

test("a worker that hangs when nothing is waited for is killed sooner", async () => {
  await started();
  const stopping = supervisor.stop("SIGINT");
  await pass(25_000);
  expect([process(1).isKilled, process(2).isKilled]).toEqual([true, true]);
  await stopping;
});
