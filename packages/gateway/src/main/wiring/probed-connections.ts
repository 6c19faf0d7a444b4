import type { Configuration } from "../../configuration/types.ts";
import type { Endpoint } from "../../gate/direct-paths.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import { endpointOf } from "../../gate/web/endpoint-of.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { ProbedConnections } from "../../probes/probes.ts";
import type { GatewayPlace, TargetState, ToldEndpoint, ToldTarget } from "../../probes/types.ts";
import { addressesOf, type Lookup } from "../addresses.ts";
import type { Probes } from "../telemetry/probes.ts";

/** A look from before the question proves nothing about now, milliseconds. */
const FRESH_MS = 0;
/** Addresses of a name that are told. */
const MAX_ADDRESSES = 64;

export interface ProbedConnectionsParts {
  readonly configuration: () => Configuration;
  readonly protocols: readonly AnyProtocol[];
  readonly health: Pick<Probes, "healthWithin">;
  readonly clock: Clock;
  /** Left out: the system's. */
  readonly lookup?: Lookup;
}

/** The real addresses and the health of connections' targets, for whoever probes. */
export function probedConnections(parts: ProbedConnectionsParts): ProbedConnections {
  const { clock, health } = parts;

  /** Undefined: nobody knows. */
  function endpointsOf(connection: string): readonly Endpoint[] | undefined {
    const configured = parts.configuration().connections.get(connection);
    const protocol = parts.protocols.find(({ kind }) => kind === configured?.kind);
    return protocol?.endpoints?.(configured?.target);
  }

  async function told(endpoint: Endpoint): Promise<ToldEndpoint> {
    const addresses = await addressesOf(endpoint.host, clock, parts.lookup);
    const leftOut = addresses.length - MAX_ADDRESSES;
    return {
      ...endpoint,
      addresses: addresses.slice(0, MAX_ADDRESSES),
      ...(leftOut > 0 ? { leftOut } : {}),
    };
  }

  async function toldOf(connection: string, protocol: string): Promise<Omit<ToldTarget, "state">> {
    const endpoints = endpointsOf(connection);
    if (endpoints === undefined) return { connection, protocol, endpoints: [], isUnknown: true };
    return { connection, protocol, endpoints: await Promise.all(endpoints.map(told)) };
  }

  /** Whether a connection still leads where it led. */
  function leadsThere({ connection, endpoints, isUnknown }: ToldTarget): boolean {
    const places = (all: readonly Pick<Endpoint, "host" | "port">[]): string =>
      JSON.stringify(all.map(({ host, port }) => [host, port]));
    const now = endpointsOf(connection);
    return now !== undefined && isUnknown !== true && places(now) === places(endpoints);
  }

  return {
    names: () => [...parts.configuration().connections.keys()],
    async targets(names) {
      const configured = names.flatMap((name) => parts.configuration().connections.get(name) ?? []);
      const [found, looked] = await Promise.all([
        Promise.all(configured.map(({ name, kind }) => toldOf(name, kind))),
        health.healthWithin(
          configured.map(({ name }) => name),
          FRESH_MS,
        ),
      ]);
      return found.map((each): ToldTarget => ({
        ...each,
        state: looked.get(each.connection)?.state ?? "unknown",
      }));
    },
    async states(all) {
      const looked = await health.healthWithin(
        all.map(({ connection }) => connection),
        FRESH_MS,
      );
      const stateOf = (target: ToldTarget): TargetState =>
        leadsThere(target) ? (looked.get(target.connection)?.state ?? "unknown") : "unknown";
      return new Map(all.map((target) => [target.connection, stateOf(target)]));
    },
  };
}

/** Where agents reach a gateway: at its URL, and at the ports that protocols of their own listen at. */
export function gatewayPlace(url: string, ports: ReadonlyMap<string, number>): GatewayPlace {
  const { host, port } = endpointOf(url);
  return { host, port, ports: [...new Set([port, ...ports.values()])] };
}
