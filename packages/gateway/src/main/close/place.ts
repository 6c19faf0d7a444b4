import type { DirectPaths } from "../../gate/direct-paths.ts";
import type { Installation } from "./options.ts";

/** What the files that know no protocol are made of. */
export interface Place {
  readonly connection: string;
  readonly paths: DirectPaths;
  readonly installation: Installation;
  /** The addresses of each endpoint, as CIDR blocks; empty where its name has none here. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** Where agents reach the gateway, as CIDR blocks; empty where its name has no address here. */
  readonly entries: readonly string[];
  /** The name in the gateway's URL. */
  readonly gatewayHost: string;
  readonly gatewayPorts: readonly number[];
}

/** Why a file that lets agents out to the gateway alone is not printed, undefined when it is. */
export function whyNoEntry({ entries, gatewayHost }: Place): string | undefined {
  return entries.length > 0
    ? undefined
    : `it lets out to the gateway alone, and ${gatewayHost} has no address here: give --entry ADDRESS, as agents reach the gateway`;
}

/** Why a cluster takes no object of this connection's name, undefined when it does. */
export function whyNoObject(connection: string): string | undefined {
  return connection.endsWith("-")
    ? "Kubernetes takes no label that ends with a hyphen: rename the connection"
    : undefined;
}
