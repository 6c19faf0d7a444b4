import { spawn, spawnSync } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { freePort, startPostgres, type EmbeddedPostgres } from "../../tests/support/postgres.ts";

/** A way to the same database: direct, or through something. */
export interface Peer {
  readonly name: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Process whose memory counts; undefined for direct. */
  readonly pid?: number;
}

/** Rows of the large result. */
export const bigRows = 1_000_000;

/** The database that every peer reaches: pgbench's tables at scale 10, and a million rows for the large result. */
export async function startDatabase(): Promise<{ postgres: EmbeddedPostgres; direct: Peer }> {
  const postgres = await startPostgres({
    settings: { max_connections: "1100", shared_buffers: "512MB", autovacuum: "off" },
  });
  await postgres.run("CREATE ROLE bench LOGIN PASSWORD 'bench-password'");
  await postgres.run("CREATE DATABASE bench OWNER bench");
  const env = { ...process.env, PGPASSWORD: "bench-password" };
  const made = spawnSync(
    "pgbench",
    ["-i", "-s", "10", "-q", "-h", "127.0.0.1", "-p", String(postgres.port), "-U", "bench", "bench"],
    { env, encoding: "utf8" },
  );
  if (made.status !== 0) throw new Error(made.stderr);
  await postgres.run(
    `CREATE TABLE big AS SELECT i AS id, md5(i::text) AS name, now() AS at, i * 1.5 AS total FROM generate_series(1, ${bigRows}) i;
     GRANT SELECT ON big TO bench`,
    "bench",
  );
  await postgres.run("VACUUM ANALYZE", "bench");
  return {
    postgres,
    direct: {
      name: "direct",
      port: postgres.port,
      user: "bench",
      password: "bench-password",
      database: "bench",
    },
  };
}

async function untilListening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.destroy();
        resolve(true);
      });
      socket.once("error", () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${port}`);
}

/** PgBouncer from Debian: session pooling, SCRAM on both sides, its own logging off. */
export async function startPgBouncer(
  postgres: EmbeddedPostgres,
): Promise<Peer & { pid: number; stop(): Promise<void> }> {
  const port = await freePort();
  const folder = await mkdtemp(path.join(tmpdir(), "mayfly-pgbouncer-"));
  await writeFile(path.join(folder, "users.txt"), '"bench" "bench-password"\n');
  await writeFile(
    path.join(folder, "pgbouncer.ini"),
    `[databases]
bench = host=127.0.0.1 port=${postgres.port} dbname=bench
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = scram-sha-256
auth_file = ${path.join(folder, "users.txt")}
pool_mode = session
max_client_conn = 1000
default_pool_size = 600
unix_socket_dir =
log_connections = 0
log_disconnections = 0
log_stats = 0
`,
  );
  await chmod(folder, 0o755);
  const who = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const child = spawn("pgbouncer", ["-q", ...who, path.join(folder, "pgbouncer.ini")], { stdio: "ignore" });
  await untilListening(port);
  return {
    name: "PgBouncer",
    port,
    user: "bench",
    password: "bench-password",
    database: "bench",
    pid: child.pid ?? 0,
    async stop() {
      const gone = new Promise((resolve) => child.once("close", resolve));
      child.kill("SIGTERM");
      await gone;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
