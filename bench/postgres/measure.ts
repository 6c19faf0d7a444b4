import type { Row } from "../measure/rounds.ts";
import { wholeSpan, withCpu } from "../measure/sampler.ts";
import type { Database, Peer } from "./peers.ts";
import { secondsFor, spanOf, startPgbench, type Run } from "./pgbench.ts";
import { BIG_TRANSACTIONS, type Scenario } from "./scenarios.ts";

/** What one log-in takes on a slow machine, milliseconds: a first guess. */
const LOGIN_MS = 20;
const MAX_TRIES = 5;

/**
 * Makes what runs a load through a peer. pgbench's time runs from before its clients log in, so that it is given as much
 * more as that took the last time; a run that was left less than half of its seconds is made again.
 * @param megabytes of the large result
 */
export function createMeasure(
  database: Database,
  seconds: number,
  megabytes: number,
): (load: Scenario, peer: Peer) => Promise<Pick<Row<Run>, "run" | "cpu">> {
  const connecting = new Map<string, number>();
  return async (load, peer) => {
    const key = JSON.stringify([peer.name, load.clients, load.tls]);
    for (let tries = 1; ; tries += 1) {
      const allowed = connecting.get(key) ?? load.clients * LOGIN_MS;
      const given = load.timed ? secondsFor(seconds, allowed) : seconds;
      try {
        const measured = await withCpu(
          startPgbench(peer, load.args(given), load.tls),
          { peer: peer.processes, server: [database.pid] },
          (run) => (load.timed ? spanOf(run, given) : wholeSpan),
          ({ tps }, ms) => (load.unit === "tps" ? (tps * ms) / 1000 : BIG_TRANSACTIONS * megabytes),
        );
        const span = spanOf(measured.run, given);
        connecting.set(key, measured.run.connecting);
        if (!load.timed || span.to - span.from >= (seconds * 1000) / 2) return measured;
      } catch (error) {
        if (!load.timed || tries === MAX_TRIES) throw error;
        connecting.set(key, 2 * allowed + 1000);
      }
      if (tries === MAX_TRIES)
        throw new Error(`${load.name} through ${peer.name}: its clients log in too slowly`);
    }
  };
}
