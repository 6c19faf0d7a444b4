import type { ProbeResult } from "../../../gate/protocol.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { withOwnConnection } from "./own-connection.ts";
import type { Target } from "../target.ts";

/** Whoever asks gives up sooner; this bounds a probe that nobody waits for, milliseconds. */
const PROBE_MS = 60_000;

/**
 * Logs in as the gateway does for a session, and asks `select 1`.
 * @param signal gives up when it aborts
 * @throws UpstreamError whose message names no credential
 */
export async function probe(target: Target, clock: Clock, signal: AbortSignal): Promise<ProbeResult> {
  const started = clock.monotonic();
  return withOwnConnection(target, clock, signal, PROBE_MS, async (connection) => {
    await connection.ask("select 1");
    return { milliseconds: Math.round((clock.monotonic() - started) * 10) / 10 };
  });
}
