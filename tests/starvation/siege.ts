import { fork } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { refusals } from "./attacks.ts";
import { percentile, watch, type Seen } from "./calm-agent.ts";
import { gauges, type Gauges } from "./gauges.ts";
import type { Stage } from "./stage.ts";

/** What a siege showed. */
export interface Siege {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  readonly requests: number;
  /** CPU of the gateway's main thread while each request on the kept connection waited for its answer, milliseconds. */
  readonly cpu: readonly number[];
  readonly failed: readonly string[];
  readonly before: Gauges;
  /** The most that the process held in memory while it was attacked, bytes. */
  readonly peakBytes: number;
  readonly after: Gauges;
  /** How long it took until everything was given back, milliseconds; undefined when it was not. */
  readonly givenBackMs: number | undefined;
  /** What the attack says that it did. */
  readonly did: Readonly<Record<string, number>>;
}

/** So long is waited for what an attack must give back, milliseconds: far longer than any bound, for a busy machine. */
const PATIENCE_MS = 120_000;
/** The second agent does at least so many requests while it is attacked, however long they take. */
const MIN_REQUESTS = 20;
/** An attack is run again so often. */
const MAX_ROUNDS = 10;
/** Files that may be open besides: connections of the metrics and of the calm agent that just end. */
const SLACK_FILES = 8;

const attacker = path.join(path.dirname(fileURLToPath(import.meta.url)), "attacker.ts");

function runAttack(stage: Stage, name: string, seconds: number): Promise<Record<string, number>> {
  const child = fork(attacker, [], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  return new Promise((resolve, reject) => {
    let did: Record<string, number> = {};
    const late = setTimeout(() => child.kill("SIGKILL"), seconds * 1000 + PATIENCE_MS);
    child.once("message", (said) => ({ did } = said as { did: Record<string, number> }));
    child.once("exit", (code) => {
      clearTimeout(late);
      if (code === 0) resolve(did);
      else reject(new Error(`the attack ${name} ended with ${code}`));
    });
    child.send({ name, ground: stage.ground, seconds });
  });
}

/** What the gateway holds once everything was given back, or when that was waited for in vain. */
export async function gaugesAfter(stage: Pick<Stage, "gateway">, before: Gauges): Promise<Gauges> {
  const began = performance.now();
  for (;;) {
    const now = await gauges(stage);
    if (isGivenBack(before, now) || performance.now() - began > PATIENCE_MS) return now;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Whether the gateway holds no more than before, but for connections that just end. */
export function isGivenBack(before: Gauges, now: Gauges): boolean {
  return (
    now.openFiles <= before.openFiles + SLACK_FILES &&
    now.sessions <= before.sessions + 1 &&
    Object.entries(now.held).every(
      ([what, count]) =>
        // Connections of the metrics and of the calm agent that just end.
        count <= (before.held[what] ?? 0) + (what === "connections" ? 3 : 0),
    )
  );
}

/**
 * Attacks for some seconds, again until a second agent has worked beside it and the attacker has been answered as its
 * bound says; measures that agent meanwhile, and then waits until everything was given back.
 */
export async function besiege(stage: Stage, name: string, seconds: number): Promise<Siege> {
  const before = await gauges(stage);
  const watching = watch(stage);
  let peakBytes = before.residentBytes;
  const state = { isOver: false };
  const looking = (async () => {
    while (!state.isOver) {
      const now = await gauges(stage).catch(() => undefined);
      peakBytes = Math.max(peakBytes, now?.residentBytes || 0);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  })();
  const did: Record<string, number> = {};
  const refusal = refusals[name];
  const isRefused = (): boolean => refusal === undefined || (did[refusal] ?? 0) > 0;
  let seen: Seen;
  try {
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      for (const [what, count] of Object.entries(await runAttack(stage, name, seconds)))
        did[what] = (did[what] ?? 0) + count;
      if (watching.requests() >= MIN_REQUESTS && isRefused()) break;
    }
  } finally {
    state.isOver = true;
    await looking;
    seen = await watching.stop();
  }
  const ended = performance.now();
  const after = await gaugesAfter(stage, before);
  peakBytes = Math.max(peakBytes, after.residentBytes || 0);
  return {
    p50: percentile(seen, 0.5),
    p99: percentile(seen, 0.99),
    worst: percentile(seen, 1),
    requests: seen.took.length,
    cpu: seen.cpu,
    failed: seen.failed,
    before,
    peakBytes,
    after,
    givenBackMs: isGivenBack(before, after) ? performance.now() - ended : undefined,
    did,
  };
}
