import type { Configuration } from "../../configuration/types.ts";
import type { Endpoint } from "../../gate/direct-paths.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";
import { endpointOf } from "../../gate/web/endpoint-of.ts";
import { isOwnMachine } from "../../kernel/addresses.ts";
import type { Clock } from "../../kernel/clock.ts";
import { placeKey } from "../../probes/places.ts";
import type { ProbedConnections } from "../../probes/probes.ts";
import type { GatewayPlace, KeptEndpoint, KeptTarget, TargetState } from "../../probes/types.ts";
import { addressesOf, interfaceAddresses, type Interfaces, type Lookup } from "../addresses.ts";
import { type Dial, type Place, reachable } from "../reachable.ts";
import type { Probes } from "../telemetry/probes.ts";

/** Addresses of a name that are told, and addresses of this machine. */
const MAX_ADDRESSES = 64;

export interface ProbedConnectionsParts {
  readonly configuration: () => Configuration;
  readonly protocols: readonly AnyProtocol[];
  readonly health: Pick<Probes, "healthNow">;
  readonly clock: Clock;
  /** Left out: the system's. */
  readonly lookup?: Lookup;
  readonly dial?: Dial;
  readonly interfaces?: Interfaces;
}

/** Where the gateway itself has to connect to: an address of its own is told for what listens at its loopback address. */
function dialled({ endpoints }: KeptTarget): readonly Place[] {
  return endpoints.flatMap(({ addresses, own = [], port }) =>
    addresses.filter((address) => !own.includes(address)).map((address) => ({ address, port })),
  );
}

/** Where a connection leads by the configuration; undefined: nobody knows. */
export function endpointsOf(
  connection: string,
  configuration: Configuration,
  protocols: readonly AnyProtocol[],
): readonly Endpoint[] | undefined {
  const configured = configuration.connections.get(connection);
  const protocol = protocols.find(({ kind }) => kind === configured?.kind);
  return protocol?.endpoints?.(configured?.target);
}

/** The real addresses and the health of connections' targets, for whoever probes. */
export function probedConnections(parts: ProbedConnectionsParts): ProbedConnections {
  const { clock, health } = parts;

  const ledTo = (connection: string): readonly Endpoint[] | undefined =>
    endpointsOf(connection, parts.configuration(), parts.protocols);

  async function told(endpoint: Endpoint): Promise<KeptEndpoint> {
    const all = await addressesOf(endpoint.host, clock, parts.lookup);
    const addresses = all.slice(0, MAX_ADDRESSES);
    // Whoever dials such an address dials their own machine: this one has to be tried by its others.
    const others = addresses.some(isOwnMachine) ? interfaceAddresses(parts.interfaces) : [];
    const more = others.filter((address) => !all.includes(address));
    const own = more.slice(0, MAX_ADDRESSES);
    const leftOut = all.length - addresses.length + more.length - own.length;
    return {
      ...endpoint,
      addresses: [...addresses, ...own],
      ...(own.length > 0 ? { own } : {}),
      ...(leftOut > 0 ? { leftOut } : {}),
    };
  }

  async function toldOf(connection: string, protocol: string): Promise<Omit<KeptTarget, "state">> {
    const endpoints = ledTo(connection);
    if (endpoints === undefined) return { connection, protocol, endpoints: [], isUnknown: true };
    return { connection, protocol, endpoints: await Promise.all(endpoints.map(told)) };
  }

  /** Whether a connection still leads where it led. */
  function leadsThere({ connection, endpoints, isUnknown }: KeptTarget): boolean {
    const places = (all: readonly Pick<Endpoint, "host" | "port">[]): string =>
      JSON.stringify(all.map(({ host, port }) => [host, port]));
    const now = ledTo(connection);
    return now !== undefined && isUnknown !== true && places(now) === places(endpoints);
  }

  const dialAll = (targets: readonly KeptTarget[]): Promise<ReadonlySet<string>> =>
    reachable(targets.flatMap(dialled), clock, parts.dial);

  return {
    names: () => [...parts.configuration().connections.keys()],
    async targets(names) {
      const configured = names.flatMap((name) => parts.configuration().connections.get(name) ?? []);
      const known = configured.map(({ name }) => name);
      const find = async (): Promise<readonly KeptTarget[]> => {
        const found = await Promise.all(configured.map(({ name, kind }) => toldOf(name, kind)));
        const targets = found.map((each): KeptTarget => ({ ...each, state: "unknown" }));
        const reached = await dialAll(targets);
        return targets.map((each) => ({
          ...each,
          endpoints: each.endpoints.map((endpoint) => ({
            ...endpoint,
            reached: endpoint.addresses.filter((address) => reached.has(placeKey(address, endpoint.port))),
          })),
        }));
      };
      const [found, looked] = await Promise.all([find(), health.healthNow(known)]);
      return found.map((each) => ({ ...each, state: looked.get(each.connection)?.state ?? "unknown" }));
    },
    async look(all) {
      const names = all.map(({ connection }) => connection);
      const [reached, looked] = await Promise.all([dialAll(all), health.healthNow(names)]);
      const stateOf = (target: KeptTarget): TargetState =>
        leadsThere(target) ? (looked.get(target.connection)?.state ?? "unknown") : "unknown";
      return { states: new Map(all.map((target) => [target.connection, stateOf(target)])), reached };
    },
  };
}

/** Where agents reach a gateway: at its URL, and at the ports that protocols of their own listen at. */
export function gatewayPlace(url: string, ports: ReadonlyMap<string, number>): GatewayPlace {
  const { host, port } = endpointOf(url);
  return { host, port, ports: [...new Set([port, ...ports.values()])] };
}
