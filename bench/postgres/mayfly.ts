import { startBenchGateway, type BenchGateway } from "../gateway.ts";
import type { Peer } from "./peers.ts";

export interface MayflyOptions {
  /** The port of the database. */
  readonly database: number;
  readonly name?: string;
  /** The mayflyd.js of another checkout. */
  readonly bin?: string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}

/** More than any load here opens. */
const MAX_SESSIONS = 6000;

/** Mayfly with everything on: checking, records of every statement with its bind values, on a folder of its own. */
export async function startMayfly({
  database,
  name = "Mayfly",
  bin,
  environment = {},
}: MayflyOptions): Promise<Peer & { readonly gateway: BenchGateway; close(): Promise<void> }> {
  const gateway = await startBenchGateway({
    postgres: "plain",
    bin,
    environment: { BENCH_PASSWORD: "bench-password", ...environment },
    limits: {
      connections: MAX_SESSIONS,
      connections_per_address: MAX_SESSIONS,
      sessions_per_grant: MAX_SESSIONS,
      sessions_per_principal: MAX_SESSIONS,
    },
    connections: {
      bench: {
        postgres: {
          host: "127.0.0.1",
          port: database,
          database: "bench",
          user: "bench",
          password: { env: "BENCH_PASSWORD" },
          tls: "disable",
        },
        operations: {
          read: {
            description: "Read what the benchmark reads",
            statements: ["select", "copy_to"],
            catalog: true,
            tables: {
              "public.pgbench_accounts": "all",
              "public.pgbench_branches": "all",
              "public.big": "all",
            },
          },
        },
      },
    },
  });
  const access = await gateway.access("bench");
  return {
    name,
    port: gateway.postgresPort,
    user: access.grant,
    password: access.secret,
    database: "bench",
    processes: [gateway.pid],
    gateway,
    close: () => gateway.close(),
  };
}
