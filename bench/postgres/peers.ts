import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { root } from "@mayfly/testing/gateway.ts";
import { freePort } from "@mayfly/testing/ports.ts";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { makeCertificate } from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { startListening } from "../processes.ts";

/** A way to the same database: direct, or through something. */
export interface Peer {
  readonly name: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** What runs between client and server; nothing for direct. */
  readonly processes: readonly number[];
}

/** The database that every peer reaches. */
export interface Database {
  readonly postgres: EmbeddedPostgres;
  /** The server's first process, whose children serve the connections. */
  readonly pid: number;
  readonly direct: Peer;
  /** Files of the certificate that every peer shows, readable by all. */
  readonly certificate: string;
  readonly key: string;
  stop(): Promise<void>;
}

/** Rows of the large result. */
export const BIG_ROWS = 1_000_000;

const account = { user: "bench", password: "bench-password", database: "bench" };

/**
 * Starts the database, with and without TLS: pgbench's tables at scale 10, and a million rows for the large result.
 * @param connections how many it takes at once
 */
export async function startDatabase(connections = 200): Promise<Database> {
  const folder = await mkdtemp(path.join(tmpdir(), "mayfly-bench-database-"));
  const made = await makeCertificate();
  made.remove();
  const [certificate, key] = [path.join(folder, "server.pem"), path.join(folder, "server.key")];
  await writeFile(certificate, made.certificate);
  // PgBouncer reads them as a user of its own.
  await writeFile(key, made.key);
  await chmod(folder, 0o755);
  const postgres = await startPostgres({
    settings: {
      max_connections: String(connections),
      shared_buffers: "512MB",
      autovacuum: "off",
      ssl: "on",
    },
    files: { "server.crt": made.certificate, "server.key": made.key },
  });
  const stop = async (): Promise<void> => {
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await postgres.run("CREATE ROLE bench LOGIN PASSWORD 'bench-password'");
    await postgres.run("CREATE DATABASE bench OWNER bench");
    const filled = spawnSync(
      "pgbench",
      ["-i", "-s", "10", "-q", "-h", "127.0.0.1", "-p", String(postgres.port), "-U", "bench", "bench"],
      { env: { ...process.env, PGPASSWORD: account.password }, encoding: "utf8" },
    );
    if (filled.status !== 0) throw new Error(filled.stderr);
    await postgres.run(
      `CREATE TABLE big AS SELECT i AS id, md5(i::text) AS name, now() AS at, i * 1.5 AS total FROM generate_series(1, ${BIG_ROWS}) i;
       GRANT SELECT ON big TO bench`,
      "bench",
    );
    await postgres.run("VACUUM ANALYZE", "bench");
    return {
      postgres,
      pid: await pidOf(postgres),
      direct: { name: "direct", port: postgres.port, ...account, processes: [] },
      certificate,
      key,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The server's first process, by the file that it keeps for this. */
async function pidOf(postgres: EmbeddedPostgres): Promise<number> {
  const { default: pg } = await import("pg");
  const client = new pg.Client({ connectionString: postgres.url(), ssl: { rejectUnauthorized: false } });
  await client.connect();
  try {
    const { rows } = await client.query<{ data_directory: string }>("SHOW data_directory");
    const folder = rows[0]?.data_directory ?? "";
    return Number(readFileSync(path.join(folder, "postmaster.pid"), "utf8").split("\n")[0]);
  } finally {
    await client.end();
  }
}

/** PgBouncer from Debian: session pooling, SCRAM on both sides, TLS for clients that ask for it, its own logging off. */
export async function startPgBouncer(
  database: Database,
  connections: number,
): Promise<Peer & { stop(): Promise<void> }> {
  const port = await freePort();
  const folder = await mkdtemp(path.join(tmpdir(), "mayfly-pgbouncer-"));
  await writeFile(path.join(folder, "users.txt"), `"${account.user}" "${account.password}"\n`);
  await writeFile(
    path.join(folder, "pgbouncer.ini"),
    `[databases]
bench = host=127.0.0.1 port=${database.postgres.port} dbname=bench
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
auth_type = scram-sha-256
auth_file = ${path.join(folder, "users.txt")}
pool_mode = session
max_client_conn = ${connections}
default_pool_size = ${connections}
client_tls_sslmode = allow
client_tls_cert_file = ${database.certificate}
client_tls_key_file = ${database.key}
server_tls_sslmode = disable
unix_socket_dir =
log_connections = 0
log_disconnections = 0
log_stats = 0
`,
  );
  await chmod(folder, 0o755);
  const who = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const started = await startListening("pgbouncer", ["-q", ...who, path.join(folder, "pgbouncer.ini")], port);
  return {
    name: "PgBouncer",
    port,
    ...account,
    processes: [started.pid],
    async stop() {
      await started.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A relay in Node that only copies bytes. */
export async function startBareRelay(database: Database): Promise<Peer & { stop(): Promise<void> }> {
  const port = await freePort();
  const file = path.join(root, "bench/postgres/bare-relay.ts");
  const started = await startListening(
    process.execPath,
    [file, String(port), String(database.postgres.port), database.certificate, database.key],
    port,
  );
  return { name: "bare relay", port, ...account, processes: [started.pid], stop: () => started.stop() };
}
