import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startOktaStandIn } from "@mayfly/okta-stand-in";
import { getAccess } from "../../tests/support/api.ts";
import { startGateway } from "../../tests/support/gateway.ts";
import { freePort, type EmbeddedPostgres } from "../../tests/support/postgres.ts";
import type { Peer } from "./peers.ts";

/** Mayfly with everything on: checking, records of every statement with its bind values, on a folder of its own. */
export async function startMayfly(
  postgres: EmbeddedPostgres,
): Promise<Peer & { pid: number; stop(): Promise<void> }> {
  const folder = await mkdtemp(path.join(tmpdir(), "mayfly-bench-"));
  const okta = await startOktaStandIn({ agents: [{ clientId: "0oabench", keys: [] }] });
  const [https, port] = [await freePort(), await freePort()];
  const file = path.join(folder, "mayfly.yaml");
  await writeFile(
    file,
    `url: https://127.0.0.1:${https}
listen: { https: 127.0.0.1:${https}, postgres: { address: 127.0.0.1:${port}, allow_insecure_loopback: true } }
store: sqlite:data/mayfly.db
limits: { connections: 2000, connections_per_address: 2000 }
identity:
  agents:
    issuer: ${okta.issuer}
    audience: ${okta.audience}
    allow_insecure_loopback: true
    directory:
      0oabench: { name: bench, groups: [bench] }
connections:
  bench:
    postgres: { host: 127.0.0.1, port: ${postgres.port}, database: bench, user: bench, password: { env: BENCH_PASSWORD }, tls: disable }
    operations:
      read:
        description: Read what the benchmark reads
        statements: [select, copy_to]
        catalog: true
        tables: { public.pgbench_accounts: all, public.pgbench_branches: all, public.big: all }
policies:
  - { name: bench, groups: [bench], connection: bench, operations: [read], ttl: 8h }
`,
  );
  const gateway = await startGateway(file, { BENCH_PASSWORD: "bench-password" });
  const access = await getAccess(
    gateway,
    await okta.tokenFor({ agent: "0oabench" }),
    "bench",
    ["read"],
    "8h",
  );
  return {
    name: "Mayfly",
    port: gateway.postgresPort,
    user: access.grant,
    password: access.secret,
    database: "bench",
    pid: gateway.pid,
    async stop() {
      await gateway.stop();
      await okta.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
