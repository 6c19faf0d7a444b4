// tier: full
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { joinRecord, type StoredRecord } from "@mayfly/audit-verifier";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { getAccess, type Access } from "@mayfly/testing/api.ts";
import { psql, startWorld, verifyLog, type World } from "@mayfly/testing/world.ts";

// What the death of the gateway's process leaves in the database, and what ends it.

interface Line {
  readonly type: string;
  readonly grant?: string;
  readonly session?: string;
  readonly seq: number;
  readonly detail: Record<string, unknown>;
}

let world: World;
let token: string;
let admin: pg.Client;

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text
        .replace(
          "      refund-order:\n",
          `      correct-stock:
        statements: [select, update]
        tables: { public.stock: all }
        functions: [pg_catalog.pg_sleep]
      refund-order:
`,
        )
        .replace("operations: [read-orders]\n    ttl:", "operations: [read-orders, correct-stock]\n    ttl:"),
  });
  token = await world.agentToken();
  await world.postgres.run(
    "create table stock (id int primary key, pieces int); insert into stock values (1, 10), (2, 10); grant select, update on stock to mayfly",
    "shop",
  );
  admin = new pg.Client({ connectionString: world.postgres.url("shop") });
  await admin.connect();
});
afterAll(async () => {
  await admin.end();
  await world.stop();
});

async function records(): Promise<readonly Line[]> {
  const folder = path.join(world.folder, "data/audit/records");
  const texts = await Promise.all(
    (await readdir(folder)).toSorted().map((file) => readFile(path.join(folder, file), "utf8")),
  );
  const stored = texts
    .join("")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as StoredRecord);
  return stored.map((record) => joinRecord(record, (seq) => stored[seq]) as unknown as Line);
}

const correct = (ttl: string): Promise<Access> =>
  getAccess(world.gateway, token, "orders-db", ["correct-stock"], ttl);

/** Names of the sessions' backends in the database. */
async function names(): Promise<readonly string[]> {
  const { rows } = await admin.query<{ application_name: string }>(
    "select application_name from pg_stat_activity where application_name like 'mayfly gr%'",
  );
  return rows.map((row) => row.application_name);
}

/** How many backends a condition holds for. */
async function backends(condition: string): Promise<number> {
  const { rowCount } = await admin.query(`select from pg_stat_activity where ${condition}`);
  return rowCount ?? 0;
}

/** @param timeout milliseconds */
const waits = (count: number, timeout = 15_000): Promise<void> =>
  expect.poll(() => backends("usename = 'mayfly' and wait_event_type = 'Lock'"), { timeout }).toBe(count);

test("an update that waits for a lock when the gateway is killed is never committed", async () => {
  const access = await correct("20s");
  const deadline = Date.now() + 20_000;
  const holder = new pg.Client({ connectionString: world.postgres.url("shop") });
  await holder.connect();
  await holder.query("begin; update stock set pieces = pieces - 1 where id = 1");
  const running = [
    psql(world, access.env, ["-c", "update stock set pieces = 0 where id = 1"]),
    psql(world, access.env, [
      "-c",
      "set application_name = 'mine'; update stock set pieces = 0 where id = 1",
    ]),
    psql(
      world,
      access.env,
      [],
      "begin;\nupdate stock set pieces = 0 where id = 2;\nupdate stock set pieces = 0 where id = 1;\ncommit;\n",
    ),
  ];
  await waits(3);
  await world.gateway.stop("SIGKILL");
  for (const { code } of await Promise.all(running)) expect(code).not.toBe(0);
  // The database itself sees that nobody is there, well before the deadline ends all of it anyway.
  await waits(0, deadline - 3000 - Date.now());
  await expect.poll(names, { timeout: deadline - 2000 - Date.now() }).toEqual([]);
  await new Promise((resolve) => setTimeout(resolve, deadline + 200 - Date.now()));
  await holder.query("commit");
  await holder.end();
  const { rows } = await admin.query("select id, pieces from stock order by id");
  expect(rows).toEqual([
    { id: 1, pieces: 9 },
    { id: 2, pieces: 10 },
  ]);
  await world.restart();
});

test("the next run ends what an earlier one left, and nothing of another gateway's, and says what is unknown", async () => {
  const access = await correct("5m");
  const running = psql(world, access.env, ["-c", "select pg_sleep(600)"]);
  await expect
    .poll(() => backends("usename = 'mayfly' and query = 'select pg_sleep(600)' and state = 'active'"))
    .toBe(1);
  const [, gateway = ""] = /^mayfly gr_\w+@([0-9a-f]{8})\./.exec((await names())[0] ?? "") ?? [];
  await world.gateway.stop("SIGKILL");
  await running;
  // The database notices by itself: the next run would end that one too.
  await expect.poll(names).toEqual([]);
  // What did not notice: a machine that is gone says nothing.
  const leave = async (name: string): Promise<void> => {
    const client = new pg.Client({
      connectionString: world.postgres.url("shop").replace(/\/\/[^@]*@/, "//mayfly:only-the-gateway-knows@"),
      application_name: name,
    });
    client.on("error", () => undefined);
    await client.connect();
    client.query("select pg_sleep(600)").catch(() => undefined);
  };
  await leave(`mayfly ${access.grant}@${gateway}.000000 psql`);
  await leave(`mayfly gr_0000000000000000@${gateway}.000001`);
  const others = [
    `mayfly ${access.grant}@01234567.000000 psql`,
    `mayfly ${access.grant} of an older version`,
    "reports",
  ];
  for (const name of others) await leave(name);
  await world.restart();
  const again = psql(world, access.env, ["-c", "select pg_sleep(3)"]);
  // What the database has not confirmed yet is recorded again once it has.
  const endedUpstream = async (): Promise<readonly Line[]> =>
    (await records()).filter(
      ({ type, detail }) => type === "session.ended_upstream" && detail["confirmed"] === true,
    );
  await expect.poll(endedUpstream, { timeout: 60_000 }).toHaveLength(2);
  expect(await endedUpstream()).toContainEqual(
    expect.objectContaining({
      grant: access.grant,
      detail: expect.objectContaining({ running: true }) as unknown,
    }),
  );
  await expect
    .poll(() =>
      backends("usename = 'mayfly' and application_name <> 'mayfly probe' and query like '%pg_sleep(600)%'"),
    )
    .toBe(others.length);
  // This run's own session went on beside it.
  expect((await again).code).toBe(0);
  await admin.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where query like '%pg_sleep(600)%' and pid <> pg_backend_pid()",
  );
  await expect.poll(names).toEqual([]);

  const all = await records();
  const opened = all.findLast(({ type, detail }) => type === "log.opened" && detail !== undefined);
  const intent = all.find(
    ({ type, detail }) => type === "act.intent" && JSON.stringify(detail).includes("pg_sleep(600)"),
  );
  expect(all.filter(({ type, session }) => type === "session.closed" && session === intent?.session)).toEqual(
    [
      expect.objectContaining({
        grant: access.grant,
        detail: expect.objectContaining({ unknown: 1, unknown_acts: [intent?.seq] }) as unknown,
      }),
    ],
  );
  expect(
    all.find(({ type, session }) => type === "session.closed" && session === intent?.session)?.seq,
  ).toBeGreaterThan(opened?.seq ?? 0);
  expect(verifyLog(world)).toMatchObject({ code: 0 });
}, 240_000);

test("a stop ends queries that keep every core busy, and waits for it", async () => {
  const access = await correct("5m");
  const busy =
    "select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b, generate_series(1, 100000) c";
  const running = Array.from({ length: 20 }, () => psql(world, access.env, ["-c", busy]));
  const busyNow = (): Promise<number> => backends("application_name like 'mayfly gr%' and state = 'active'");
  // Those that are there first leave the others little of the machine.
  await expect.poll(busyNow, { timeout: 120_000 }).toBe(20);
  expect(await world.gateway.stop("SIGTERM")).toBe(0);
  expect(await busyNow()).toBe(0);
  // Then they leave, for which nobody waits.
  await expect.poll(names).toEqual([]);
  for (const { stderr } of await Promise.all(running)) expect(stderr).toMatch(/FATAL: .*being stopped/);
  const ended = (await records()).filter(
    ({ type, detail }) => type === "act.outcome" && detail["error"] === "57P01",
  );
  expect(ended).toHaveLength(20);
  for (const { detail } of ended) expect(detail).toMatchObject({ more: { ended: { confirmed: true } } });
  expect((await records()).at(-1)).toMatchObject({ type: "log.closed" });
}, 240_000);
