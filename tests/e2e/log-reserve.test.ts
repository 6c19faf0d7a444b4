// tier: full
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { call, getAccess } from "@mayfly/testing/api.ts";
import { type ConfiguredGateway, startConfiguredGateway } from "@mayfly/testing/configured-gateway.ts";
import { type GatewayProcess, startGateway } from "@mayfly/testing/gateway.ts";
import { until } from "@mayfly/testing/live-psql.ts";
import { type EmbeddedPostgres, startPostgres } from "@mayfly/testing/postgres.ts";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";

// A log on a disk of its own that others fill: what was granted ends on record, and nothing else begins.

const MIB = 1024 * 1024;
const disk = mkdtempSync(path.join(tmpdir(), "mayfly-reserve-"));
const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m,mode=0700", "tmpfs", disk]).status === 0;

let database: EmbeddedPostgres;
let running: ConfiguredGateway;
beforeAll(async () => {
  database = await startPostgres();
  running = await startConfiguredGateway({
    name: "log-reserve",
    agents: { bot: ["bots"] },
    postgres: "tls",
    environment: { DB_PASSWORD: database.password },
    configuration: `audit: { folder: ${disk}/log, reserve: 32MiB }
connections:
  db:
    postgres: { host: 127.0.0.1, port: ${database.port}, database: postgres, user: postgres, password: { env: DB_PASSWORD }, tls: disable }
    operations: { read: { statements: [select], catalog: true } }
policies: [{ name: bots, groups: [bots], connection: db, operations: [read], ttl: 15m }]
`,
  });
});
afterAll(async () => {
  await running?.stop();
  await database?.stop();
  if (mounted) spawnSync("umount", ["-l", disk]);
  rmSync(disk, { recursive: true, force: true });
});

const ballast = path.join(disk, "ballast");

/** Leaves so many bytes of the disk free. */
function leaveFree(bytes: number): void {
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(ballast, Buffer.alloc(bavail * bsize - bytes));
}

/** Waits until `/readyz` answers with a status. @returns the answer's body */
const readyz = (status: number, gateway: GatewayProcess = running.gateway): Promise<string> =>
  until(`/readyz answers ${status}`, async () => {
    const answer = await call(gateway, undefined, "GET", "/readyz");
    return answer.status === status ? JSON.stringify(answer.body) : undefined;
  });

/** Types of the log's records, in order. */
const recorded = (): readonly string[] =>
  readdirSync(path.join(disk, "log/records"))
    .toSorted()
    .flatMap((file) =>
      readFileSync(path.join(disk, "log/records", file), "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => (JSON.parse(line) as { type: string }).type),
    );

async function connect(user: string, password: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: running.gateway.postgresPort,
    user,
    password,
    database: "db",
    ssl: { ca: readFileSync(running.gateway.caFile, "utf8") },
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

test.runIf(mounted)(
  "in the last of its disk the log takes ends alone, and anything once there is room again",
  async () => {
    const token = await running.okta.tokenFor({ agent: "bot" });
    const { grant, secret } = await getAccess(running.gateway, token, "db", ["read"], "15m");
    const kept = await getAccess(running.gateway, token, "db", ["read"], "15m");
    const client = await connect(grant, secret);
    const other = await connect(kept.grant, kept.secret);
    await client.query("select 1");

    leaveFree(16 * MIB);
    expect(await readyz(503)).toContain("the last 32.0 MiB are for the ends of what was granted");
    await expect(client.query("select 2")).rejects.toThrow("could not be recorded");
    const request = { connection: "db", operations: ["read"], ttl: "15m", reason: "a look" };
    expect((await call(running.gateway, token, "POST", "/v1/requests", request)).status).toBe(503);
    const before = recorded().length;
    expect((await call(running.gateway, token, "DELETE", `/v1/grants/${grant}`)).status).toBeLessThan(300);
    await until("the session's end is recorded", () => recorded().includes("session.closed") || undefined);
    expect(recorded().slice(before).toSorted()).toEqual(["grant.released", "session.closed"]);

    // A crash there: the next start takes up what lives, says what became of the rest, and ends what is to end.
    await running.gateway.stop("SIGKILL");
    const again = await startGateway(path.join(running.folder, "mayfly.yaml"), {
      DB_PASSWORD: database.password,
    });
    try {
      expect(await readyz(503, again)).toContain("are for the ends of what was granted");
      expect((await call(again, token, "DELETE", `/v1/grants/${kept.grant}`)).status).toBeLessThan(300);
      expect(recorded().slice(-2)).toEqual(expect.arrayContaining(["grant.released"]));
      expect(recorded().filter((type) => type === "session.closed")).toHaveLength(2);

      rmSync(ballast);
      await readyz(200, again);
      await getAccess(again, token, "db", ["read"], "15m");
      expect(await again.stop()).toBe(0);
    } finally {
      await again.stop("SIGKILL");
    }
    await Promise.all([client.end(), other.end()].map((one) => one.catch(() => undefined)));
  },
);
