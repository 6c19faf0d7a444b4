import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { mainThreadMs } from "@mayfly/testing/main-thread.ts";
import type { Stage } from "./stage.ts";

/** What a second agent saw: how long its requests took, and what did not succeed. */
export interface Seen {
  /** Milliseconds, ascending. */
  readonly took: readonly number[];
  /** CPU of the gateway's main thread while each request on the kept connection waited for its answer, milliseconds. */
  readonly cpu: readonly number[];
  readonly failed: readonly string[];
}

/** The latency below which a share of the requests stayed, milliseconds. */
export function percentile({ took }: Seen, share: number): number {
  return took[Math.min(took.length - 1, Math.floor(took.length * share))] ?? Number.POSITIVE_INFINITY;
}

/** A request that takes this long is called starved. How long the others take is measured. */
const PATIENCE_MS = 60_000;

/** One request of the calm agent: its status, or how it failed. */
function ask(stage: Stage, ca: Buffer, agent: Agent): Promise<string> {
  return new Promise((resolve) => {
    const outgoing = request(
      `${stage.gateway.url}/http/calm-api/v1/read`,
      { ca, agent, timeout: PATIENCE_MS, headers: { authorization: `Bearer ${stage.calm.secret}` } },
      (incoming) => {
        incoming.resume();
        incoming.once("end", () => resolve(String(incoming.statusCode)));
        incoming.once("error", (error) => resolve(error.message));
      },
    );
    outgoing.once("timeout", () => outgoing.destroy(new Error(`no answer in ${PATIENCE_MS} ms`)));
    outgoing.once("error", (error) => resolve(error.message));
    outgoing.end();
  });
}

/** The pause between requests, milliseconds; every so many requests take a connection of their own. */
const PAUSE_MS = 5;
const FRESH_EVERY = 20;

/** Sends requests one after another until told to stop, most on one connection and some on fresh ones. */
export function watch(stage: Stage): { requests(): number; stop(): Promise<Seen> } {
  const ca = readFileSync(stage.gateway.caFile);
  const kept = new Agent({ keepAlive: true, maxSockets: 1 });
  const took: number[] = [];
  const cpu: number[] = [];
  const failed: string[] = [];
  const state = { isOver: false };
  const done = (async () => {
    for (let count = 1; !state.isOver; count += 1) {
      const isFresh = count % FRESH_EVERY === 0;
      const agent = isFresh ? new Agent({ keepAlive: false }) : kept;
      const ran = mainThreadMs(stage.gateway.pid);
      const began = performance.now();
      const status = await ask(stage, ca, agent);
      took.push(performance.now() - began);
      if (!isFresh) cpu.push(mainThreadMs(stage.gateway.pid) - ran);
      if (status !== "200") failed.push(status);
      if (isFresh) agent.destroy();
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    kept.destroy();
  })();
  return {
    requests: () => took.length,
    async stop() {
      state.isOver = true;
      await done;
      return { took: took.toSorted((a, b) => a - b), cpu, failed };
    },
  };
}
