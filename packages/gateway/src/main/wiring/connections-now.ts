import type { ConnectionFacts, ConnectionHealth } from "../../api/services.ts";
import type { Configuration } from "../../configuration/types.ts";
import type { AnyProtocol } from "../../gate/protocol.ts";

/**
 * The connections of a configuration, in its order.
 * @param health what the last look at a connection's target said
 */
export function connectionsNow(
  configuration: Configuration,
  protocols: readonly AnyProtocol[],
  health: (connection: string) => ConnectionHealth,
): readonly ConnectionFacts[] {
  return [...configuration.connections.values()].map(({ name, kind, target }) => ({
    name,
    protocol: kind,
    address: protocols.find((each) => each.kind === kind)?.address?.(target) ?? "",
    health: health(name),
  }));
}
