import pg from "pg";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import type { Started } from "@mayfly/testing/undo.ts";

/** The gateways' store: a primary, and a replica that has what the primary has acknowledged. */
export interface ReplicatedStore {
  readonly primary: EmbeddedPostgres;
  /** Stops the primary as a crash would, and makes the replica the primary. @returns its port, once it takes writes */
  failOver(): Promise<number>;
}

const HBA = ["host all all 127.0.0.1/32 scram-sha-256", "host replication all 127.0.0.1/32 scram-sha-256"];

/** Starts both. Replication is synchronous: a commit that a gateway was told of survives the primary. */
export async function startStore({ onStop }: Pick<Started, "onStop">): Promise<ReplicatedStore> {
  const settings = { wal_level: "replica", max_wal_senders: "4", hot_standby: "on" };
  const primary = await startPostgres({ hba: HBA, settings });
  onStop(() => primary.stop());
  await primary.run("CREATE DATABASE mayfly");
  // The copy of a server that was stopped is one to begin a replica with.
  await primary.crash();
  const { host, port, user, password } = primary;
  const replica = await startPostgres({
    from: primary.data,
    hba: HBA,
    settings: {
      ...settings,
      primary_conninfo: `host=${host} port=${port} user=${user} password=${password} application_name=replica`,
    },
    files: { "standby.signal": "" },
  });
  onStop(() => replica.stop());
  await primary.start();
  await until(primary, "select 1 from pg_stat_replication where state = 'streaming'");
  await primary.run("ALTER SYSTEM SET synchronous_standby_names = 'replica'");
  await primary.run("SELECT pg_reload_conf()");
  await until(primary, "select 1 from pg_stat_replication where sync_state = 'sync'");
  return {
    primary,
    async failOver() {
      await primary.crash();
      await replica.run("SELECT pg_promote()");
      await until(replica, "select 1 where not pg_is_in_recovery()");
      return replica.port;
    },
  };
}

/** Asks until there is a row. */
async function until(server: EmbeddedPostgres, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.url() });
  await client.connect();
  try {
    while ((await client.query(sql)).rowCount === 0) await new Promise((resolve) => setTimeout(resolve, 50));
  } finally {
    await client.end();
  }
}
