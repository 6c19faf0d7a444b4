import path from "node:path";
import type { World } from "@mayfly/testing/world.ts";
import { call } from "@mayfly/testing/api.ts";
import { checks, type Aftermath } from "./checks.ts";
import { nothingYet, startLoad, type Acknowledged } from "./load.ts";
import { logSoFar } from "./log-so-far.ts";
import { randomFrom, tortureWorld } from "./world.ts";

/** What a run of kills came to. */
export interface KillReport {
  readonly kills: number;
  readonly seed: number;
  /** What was acknowledged before the kills, and looked for after them. */
  readonly acknowledged: Readonly<
    Record<"acts" | "updates" | "requests" | "approvals" | "grants" | "ended", number>
  >;
  readonly records: number;
  /** What did not hold. */
  readonly failures: readonly { readonly kill: number; readonly check: string; readonly what: string }[];
  /** Milliseconds from the start of mayflyd to "ready", the slowest. */
  readonly slowestStartMs: number;
}

/** Every so many kills the whole log is verified; at the end always. */
const VERIFY_EVERY = 25;

/**
 * Kills a gateway at random moments under load, starts it again, and checks.
 * @param onKill told after each kill
 */
export async function runKills(
  {
    kills,
    seed,
    bin,
    slackMs = 2000,
  }: {
    readonly kills: number;
    readonly seed: number;
    readonly bin?: string;
    /** What a busy machine may take on top of each bound, milliseconds. */
    readonly slackMs?: number;
  },
  onKill: (kill: number, failures: number) => void = () => undefined,
): Promise<KillReport> {
  const random = randomFrom(seed);
  const world = await tortureWorld(bin);
  const log = logSoFar(path.join(world.folder, "data/audit"));
  const sum = { acts: 0, updates: 0, requests: 0, approvals: 0, grants: 0, ended: 0 };
  const failures: { kill: number; check: string; what: string }[] = [];
  let slowestStartMs = 0;
  try {
    for (let kill = 1; kill <= kills; kill += 1) {
      const known = nothingYet();
      const killedAt = await killUnderLoad(world, known, random, kill % 10 === 0);
      const started = performance.now();
      await world.restart();
      slowestStartMs = Math.max(slowestStartMs, Math.round(performance.now() - started));
      for (const name of Object.keys(sum) as (keyof typeof sum)[]) sum[name] += known[name].length;
      const isThorough = kill % VERIFY_EVERY === 0 || kill === kills;
      const after: Aftermath = { world, log, known, random, killedAt, slackMs, isThorough };
      log.readOn();
      for (const { name, run } of checks)
        for (const what of await run(after)) failures.push({ kill, check: name, what });
      if (known.locked !== false)
        await call(world.gateway, await world.personToken("olga@example.com"), "DELETE", "/v1/lockdown");
      onKill(kill, failures.length);
    }
    return { kills, seed, acknowledged: sum, records: log.records, failures, slowestStartMs };
  } finally {
    await world.stop();
  }
}

/** @returns when it was killed */
async function killUnderLoad(
  world: World,
  known: Acknowledged,
  random: () => number,
  lockdowns: boolean,
): Promise<number> {
  const load = await startLoad(world, known, random, { readers: 3, writers: 1, askers: 2, lockdowns });
  await new Promise((resolve) => setTimeout(resolve, 20 + random() * 700));
  const killedAt = Date.now();
  await world.gateway.stop("SIGKILL");
  await load.stop();
  return killedAt;
}
