// tier: full
import { readFileSync } from "node:fs";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { type Access, call, getAccess } from "@mayfly/testing/api.ts";
import { psql, type Ran, startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

// SIGTERM with `shutdown.drain`: what is open goes on, nothing new is opened, and then the gateway stops as ever. What runs
// waits for a lock that the test holds, so that nothing depends on how long anything takes.

let world: World;
let token: string;
/** Holds the lock that the agent's statements wait for. */
let holder: pg.Client;
/** Looks at what runs: inside of the holder's transaction that would be what ran when it first looked. */
let watcher: pg.Client;

const eventually = (holds: () => Promise<void> | void): Promise<void> =>
  vi.waitFor(holds, { timeout: 60_000, interval: 50 });

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) => text.replace("        timeout: 30s\n", ""),
  });
  await world.gateway.stop("SIGKILL");
  token = await world.agentToken();
  watcher = new pg.Client({ connectionString: world.postgres.url("shop") });
  await watcher.connect();
});
afterAll(async () => {
  await watcher?.end();
  await world?.stop();
});

beforeEach(async () => {
  holder = new pg.Client({ connectionString: world.postgres.url("shop") });
  await holder.connect();
  await holder.query("begin; lock table public.orders in access exclusive mode");
});
afterEach(async () => {
  await holder.end();
  await world.gateway.stop("SIGKILL");
});

async function startWith(shutdown: string): Promise<Access> {
  await world.edit((text) => `${text.replace(/^shutdown: .*\n/m, "")}shutdown: ${shutdown}\n`);
  await world.restart();
  return getAccess(world.gateway, token, "orders-db", ["read-orders"]);
}

/** Starts a statement that waits for the lock. */
async function startStatement({ env }: Access): Promise<{ readonly result: Promise<Ran> }> {
  const result = psql(world, env, ["-At", "-c", "select count(*) from public.orders"]);
  await eventually(async () => {
    const { rowCount } = await watcher.query(
      "select from pg_stat_activity where usename = 'mayfly' and wait_event_type = 'Lock'",
    );
    expect(rowCount).toBe(1);
  });
  return { result };
}

const readiness = async (): Promise<number> =>
  (await call(world.gateway, undefined, "GET", "/readyz")).status;

/** The gateway drains: its own port for PostgreSQL is closed. */
const drains = (access: Access): Promise<void> =>
  eventually(async () =>
    expect((await psql(world, access.env, ["-c", "select 1"])).stderr).toContain("refused"),
  );

test("a statement that runs ends as it would; nobody new is let in, and operators still are", async () => {
  const access = await startWith("{ drain: 1h, announce: 0s }");
  expect(await readiness()).toBe(200);
  const ran = await startStatement(access);
  world.gateway.signal("SIGTERM");
  await drains(access);
  expect(await readiness()).toBe(503);
  const other = await getAccess(world.gateway, token, "orders-db", ["read-orders"]);
  const olga = await world.personToken("olga@example.com");
  const revoked = await call(world.gateway, olga, "POST", `/v1/grants/${other.grant}/revoke`, {
    reason: "x",
  });
  expect(revoked.status).toBe(200);
  await holder.query("commit");
  expect(await ran.result).toMatchObject({ code: 0, stdout: "400\n" });
  expect(await world.gateway.line("drained")).toMatchObject({ sessions: 0 });
  await world.gateway.line("stopped");
  expect(verifyLog(world)).toMatchObject({ code: 0 });
  // The grant outlives the gateway.
  await world.restart();
  expect((await psql(world, access.env, ["-At", "-c", "select 1"])).stdout).toBe("1\n");
});

test("one that outlives the bound is ended as at any stop", async () => {
  const access = await startWith("{ drain: 1s, announce: 0s }");
  const { result } = await startStatement(access);
  world.gateway.signal("SIGTERM");
  expect((await result).stderr).toContain("the gateway is being stopped");
  expect(await world.gateway.line("drain is over")).toMatchObject({ sessions: 1 });
  expect(await world.gateway.stop("SIGTERM")).toBe(0);
  expect(verifyLog(world)).toMatchObject({ code: 0 });
});

test.each(["SIGTERM", "SIGINT"] as const)("a second signal, %s, ends the drain at once", async (signal) => {
  const access = await startWith("{ drain: 1h, announce: 5m }");
  const { result } = await startStatement(access);
  world.gateway.signal("SIGTERM");
  await eventually(async () => expect(await readiness()).toBe(503));
  // Announced, and not begun: whoever comes is served.
  expect((await psql(world, access.env, ["-At", "-c", "select 1"])).stdout).toBe("1\n");
  expect(await world.gateway.stop(signal)).toBe(0);
  expect((await result).stderr).toContain("the gateway is being stopped");
});

test("SIGINT stops at once", async () => {
  const access = await startWith("{ drain: 1h }");
  const { result } = await startStatement(access);
  expect(await world.gateway.stop("SIGINT")).toBe(0);
  expect((await result).stderr).toContain("the gateway is being stopped");
});

test("sessions between transactions are sent on where the operator wants that, and no others", async () => {
  const access = await startWith("{ drain: 1h, announce: 0s, end_idle: true }");
  await holder.query("commit");
  const connect = async (): Promise<{ readonly client: pg.Client; readonly ended: Promise<unknown> }> => {
    const { env } = access;
    const client = new pg.Client({
      host: "127.0.0.1",
      port: world.gateway.postgresPort,
      user: env["PGUSER"] ?? "",
      password: env["PGPASSWORD"] ?? "",
      database: env["PGDATABASE"] ?? "",
      ssl: { ca: readFileSync(world.gateway.caFile), servername: "localhost" },
    });
    const ended = new Promise((resolve) => client.on("error", resolve));
    await client.connect();
    return { client, ended };
  };
  const [idle, working] = [await connect(), await connect()];
  await idle.client.query("select 1");
  await working.client.query("begin");
  world.gateway.signal("SIGTERM");
  expect(await idle.ended).toMatchObject({
    code: "57P01",
    message: expect.stringContaining("connect again"),
  });
  const { rows } = await working.client.query("select count(*)::int as orders from public.orders");
  expect(rows).toEqual([{ orders: 400 }]);
  await working.client.query("commit");
  expect(await working.ended).toMatchObject({ code: "57P01" });
  expect(await world.gateway.line("drained")).toMatchObject({ sessions: 0 });
});
