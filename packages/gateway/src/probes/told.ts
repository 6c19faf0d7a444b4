import { MayflyError } from "../kernel/errors.ts";
import type { KeptTarget, ProbeReport, ToldTarget } from "./types.ts";

/** What is told of a target: not what the gateway found there itself. */
export function toldOf({ endpoints, ...target }: KeptTarget): ToldTarget {
  return {
    ...target,
    endpoints: endpoints.map(({ host, port, speaks, database, user, addresses, leftOut }) => ({
      host,
      port,
      speaks,
      ...(database === undefined ? {} : { database }),
      ...(user === undefined ? {} : { user }),
      addresses,
      ...(leftOut === undefined ? {} : { leftOut }),
    })),
  };
}

/** @throws MayflyError for a connection that was not told */
export function requireOwnConnections(targets: readonly ToldTarget[], { ways }: ProbeReport): void {
  const known = new Set(targets.map(({ connection }) => connection));
  const at = ways.findIndex(({ connection }) => connection !== undefined && !known.has(connection));
  if (at >= 0)
    throw new MayflyError("invalid_input", `body.ways.${at}.connection: it is not one of this probe's`, {
      hint: "report the connections that POST /v1/probes/start has told",
    });
}
