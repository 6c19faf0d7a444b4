import { fork } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { percentile, watch, type Seen } from "./calm-agent.ts";
import { gauges, type Gauges } from "./gauges.ts";
import type { Stage } from "./stage.ts";

/** What a siege showed. */
export interface Siege {
  readonly p50: number;
  readonly p99: number;
  readonly worst: number;
  readonly requests: number;
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

/** Everything is given back within this, milliseconds. */
const GIVE_BACK_MS = 10_000;
/** Files that may be open besides: connections of the metrics and of the calm agent that just end. */
const SLACK_FILES = 8;

const attacker = path.join(path.dirname(fileURLToPath(import.meta.url)), "attacker.ts");

function runAttack(stage: Stage, name: string, seconds: number): Promise<Record<string, number>> {
  const child = fork(attacker, [], { stdio: ["ignore", "inherit", "inherit", "ipc"] });
  return new Promise((resolve, reject) => {
    let did: Record<string, number> = {};
    const late = setTimeout(() => child.kill("SIGKILL"), seconds * 1000 + 15_000);
    child.once("message", (said) => ({ did } = said as { did: Record<string, number> }));
    child.once("exit", (code) => {
      clearTimeout(late);
      if (code === 0) resolve(did);
      else reject(new Error(`the attack ${name} ended with ${code}`));
    });
    child.send({ name, ground: stage.ground, seconds });
  });
}

function isGivenBack(before: Gauges, now: Gauges): boolean {
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

/** Attacks for some seconds and measures a second agent meanwhile; then waits until everything was given back. */
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
  let did: Record<string, number>;
  let seen: Seen;
  try {
    did = await runAttack(stage, name, seconds);
  } finally {
    state.isOver = true;
    await looking;
    seen = await watching.stop();
  }
  const ended = performance.now();
  let after = await gauges(stage);
  while (!isGivenBack(before, after) && performance.now() - ended < GIVE_BACK_MS) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    after = await gauges(stage);
  }
  peakBytes = Math.max(peakBytes, after.residentBytes || 0);
  return {
    p50: percentile(seen, 0.5),
    p99: percentile(seen, 0.99),
    worst: percentile(seen, 1),
    requests: seen.took.length,
    failed: seen.failed,
    before,
    peakBytes,
    after,
    givenBackMs: isGivenBack(before, after) ? performance.now() - ended : undefined,
    did,
  };
}
