import { createHash } from "node:crypto";
import { MayflyError } from "../kernel/errors.ts";
import { placeKey } from "./places.ts";
import type { KeptTarget, ProbedEndpoint, ProbeReport, ToldEndpoint, ToldTarget } from "./types.ts";

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

/** What a target's endpoints are compared by: a probe of others says nothing of these. SHA-256, hexadecimal. */
export function targetDigest(endpoints: readonly ProbedEndpoint[]): string {
  const places = endpoints.map(({ host, port, speaks, database, user }) => [
    host,
    port,
    speaks,
    database ?? null,
    user ?? null,
  ]);
  return createHash("sha256").update(JSON.stringify(places)).digest("hex");
}

/** Names the places of an endpoint, by which one server is known under two connections. */
export function placesOf({ host, port, addresses }: ToldEndpoint): readonly string[] {
  return [...new Set([host.toLowerCase(), ...addresses].map((each) => placeKey(each, port)))];
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
