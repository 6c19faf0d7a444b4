import type { DirectPaths } from "../../gate/direct-paths.ts";
import type { Installation } from "./options.ts";

/** What the files that know no protocol are made of. */
export interface Place {
  readonly connection: string;
  readonly paths: DirectPaths;
  readonly installation: Installation;
  /** The addresses of each endpoint, as CIDR blocks; empty where its name has none here. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  /** Where agents reach the gateway. */
  readonly gatewayPorts: readonly number[];
}

/** `mayfly-orders-db`: what such a file calls its objects. */
export function objectName({ connection }: Place, suffix = ""): string {
  return `mayfly-${connection}${suffix}`;
}
