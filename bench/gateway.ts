// The gateway of most benchmarks: one agent, and for each connection one policy that gives it all the connection's operations
// for eight hours.
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { getAccess, type Access } from "@mayfly/testing/api.ts";
import {
  startConfiguredGateway,
  type ConfiguredGateway,
  type ConfiguredGatewayOptions,
} from "@mayfly/testing/configured-gateway.ts";
import { root, type GatewayProcess } from "@mayfly/testing/gateway.ts";
import { stringify } from "yaml";

const AGENT = "0oabench";
const GROUP = "bench";
const TTL = "8h";

/** A connection as the configuration has it. */
type Connection = Readonly<Record<string, object>> & {
  readonly operations: Readonly<Record<string, object>>;
};

export interface BenchGatewayOptions extends Pick<
  ConfiguredGatewayOptions,
  "postgres" | "limits" | "files" | "environment"
> {
  readonly connections: Readonly<Record<string, Connection>>;
  /** The mayflyd.js of another checkout, to measure that one, on the Node that it installed. */
  readonly bin?: string | undefined;
}

export interface BenchGateway extends GatewayProcess {
  /** Where the configuration and the gateway's data are. */
  readonly folder: string;
  /** An access token of the agent. */
  readonly token: string;
  /** A grant of all operations of a connection. */
  access(connection: string, ttl?: string): Promise<Access>;
  /** Ends everything that was started. */
  close: ConfiguredGateway["stop"];
}

/** One agent is the whole load here: more than any agent may do. */
const unpaced = { acts_per_second: 1_000_000, record_bytes_per_second: 1_073_741_823 };

/** The limits that a checkout knows: an older one refuses what is new. */
function unpacedOf(bin: string | undefined): BenchGatewayOptions["limits"] {
  const gateway = bin === undefined ? path.join(root, "packages/gateway") : path.resolve(bin, "../..");
  const schema = readFileSync(path.join(gateway, "schema/mayfly.schema.json"), "utf8");
  return schema.includes("acts_per_second") ? unpaced : {};
}

/** How another checkout's mayflyd is run. */
function programOf(bin: string): { readonly bin: string; readonly node?: string } {
  const node = path.resolve(bin, "../../../../node_modules/.bin/node");
  return { bin: path.relative(root, path.resolve(bin)), ...(existsSync(node) ? { node } : {}) };
}

/** Starts it: about a second. */
export async function startBenchGateway({
  connections,
  bin,
  limits,
  ...options
}: BenchGatewayOptions): Promise<BenchGateway> {
  const policies = Object.entries(connections).map(([connection, { operations }]) => ({
    name: `bench ${connection}`,
    groups: [GROUP],
    connection,
    operations: Object.keys(operations),
    ttl: TTL,
  }));
  const { gateway, okta, folder, stop } = await startConfiguredGateway({
    ...options,
    limits: { ...unpacedOf(bin), ...limits },
    name: "bench",
    agents: { [AGENT]: [GROUP] },
    configuration: stringify({ connections, policies }),
    ...(bin === undefined ? {} : programOf(bin)),
  });
  const token = await okta.tokenFor({ agent: AGENT });
  return {
    ...gateway,
    folder,
    token,
    access: (connection, ttl = TTL) =>
      getAccess(gateway, token, connection, Object.keys(connections[connection]?.operations ?? {}), ttl),
    close: stop,
  };
}
