// tier: gate
import { Socket } from "node:net";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { systemClock } from "../../kernel/clock.ts";
import { createFakeGate, type FakeGate, type FakeGateOptions } from "./testing/fake-gate.ts";
import {
  dial,
  errorOf,
  frames,
  listenWire,
  makeCertificate,
  type Listening,
  type RawClient,
  type TestCertificate,
} from "./testing/wire.ts";
import { targetOf } from "./testing/target.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let admin: pg.Client;
const opened: Listening[] = [];

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  admin = new pg.Client({ connectionString: postgres.url() });
  await admin.connect();
  await admin.query(
    "create table stock (id int primary key, left_over int); insert into stock values (1, 10)",
  );
  await admin.query("create table done (id int)");
});
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});
afterAll(async () => {
  await admin.end();
  await postgres.stop();
  certificate.remove();
});

async function serve(
  options: Partial<FakeGateOptions> = {},
  clock = systemClock,
): Promise<{ gate: FakeGate; connect: () => Promise<RawClient> }> {
  const gate = createFakeGate({ target: targetOf(postgres), ...options });
  const wire = await listenWire(gate, certificate, { clock });
  opened.push(wire);
  return {
    gate,
    async connect() {
      const client = await dial(wire.port);
      await client.logIn({ parameters: { application_name: "tester" } });
      return client;
    },
  };
}

/** The backends of clients' sessions, by what they do. */
async function backends(state?: string): Promise<number> {
  const { rows } = await admin.query<{ count: number }>(
    "select count(*)::int from pg_stat_activity where application_name like 'mayfly gr_test@%' and state = coalesce($1, state)",
    [state],
  );
  return rows[0]?.count ?? -1;
}

async function valueOf(client: RawClient, sql: string): Promise<string> {
  client.send(frames.query(sql));
  const row = (await client.until("Z")).find(({ type }) => type === "D");
  return row?.body.toString("utf8", 6) ?? "";
}

function milliseconds(text: string): number {
  const [, count = "", unit = "ms"] = /^(\d+)(ms|s|min)$/.exec(text) ?? [];
  return Number(count) * ({ ms: 1, s: 1000, min: 60_000 }[unit] ?? Number.NaN);
}

/** A hundred keep a small machine busy for a while: `MAYFLY_BUSY_QUERIES=100`. */
const busyQueries = Number(process.env["MAYFLY_BUSY_QUERIES"] ?? 24);
const busy =
  "select count(*) from generate_series(1, 100000) a, generate_series(1, 100000) b, generate_series(1, 100000) c";

test("queries that keep every core busy are gone soon after their grant's end, and recorded when they are", async () => {
  const { gate, connect } = await serve();
  const clients = await Promise.all(Array.from({ length: busyQueries }, connect));
  for (const client of clients) client.send(frames.query(busy));
  await expect.poll(() => backends("active"), { timeout: 30_000 }).toBe(busyQueries);
  gate.end("revoked");
  await expect.poll(() => backends(), { timeout: 30_000 }).toBe(0);
  await expect.poll(() => gate.sessions).toBe(0);
  const outcomes = gate.log.filter((entry) => entry.what === "outcome");
  expect(outcomes).toHaveLength(busyQueries);
  for (const { outcome } of outcomes) {
    expect(outcome).toMatchObject({ error: "57P01", more: { ended: { confirmed: true } } });
  }
}, 120_000);

test("a statement that lives through cancels has its backend terminated", async () => {
  const { gate, connect } = await serve();
  const client = await connect();
  // As on a server that cannot see that nobody is there.
  client.send(frames.query("set client_connection_check_interval = 0"));
  expect(await client.answers()).toBe("C Z");
  client.send(
    frames.query(
      "do $$ begin loop begin perform pg_sleep(600); exception when query_canceled then null; end; end loop; end $$",
    ),
  );
  await expect.poll(() => backends("active")).toBe(1);
  gate.end("revoked");
  await expect.poll(() => backends()).toBe(0);
  await expect.poll(() => gate.sessions).toBe(0);
  expect(gate.log.findLast((entry) => entry.what === "outcome")).toMatchObject({
    outcome: { error: "57P01", more: { ended: { confirmed: true } } },
  });
});

test("a backend that its client calls otherwise in the very text that runs is terminated too", async () => {
  const { gate, connect } = await serve();
  const client = await connect();
  client.send(
    frames.query(
      "begin; set client_connection_check_interval = 0; set application_name = 'other'; commit; do $$ begin loop begin perform pg_sleep(600); exception when query_canceled then null; end; end loop; end $$",
    ),
  );
  const others = async (): Promise<number> => {
    const { rows } = await admin.query("select from pg_stat_activity where application_name = 'other'");
    return rows.length;
  };
  await expect.poll(() => others()).toBe(1);
  gate.end("revoked");
  await expect.poll(() => others()).toBe(0);
  await expect.poll(() => gate.sessions).toBe(0);
  expect(gate.log.findLast((entry) => entry.what === "outcome")).toMatchObject({
    outcome: { error: "57P01", more: { ended: { confirmed: true } } },
  });
});

test("idle sessions are all told of their end and closed, in the gateway and in the database", async () => {
  const { gate, connect } = await serve();
  const clients = await Promise.all(Array.from({ length: 60 }, connect));
  await expect.poll(() => backends("idle")).toBe(60);
  gate.end("grant gr_test expired after 5m");
  for (const client of clients) {
    expect(errorOf(await client.next())).toMatchObject({
      severity: "FATAL",
      code: "57P01",
      message: "terminating connection: grant gr_test expired after 5m",
    });
    expect(await client.next()).toBeUndefined();
  }
  await expect.poll(() => backends()).toBe(0);
  await expect.poll(() => gate.sessions).toBe(0);
});

test("a session counts as open until the database has nothing of it left to do", async () => {
  const { gate, connect } = await serve();
  const client = await connect();
  // It notices a cancel only between its rows, which are a moment apart.
  client.send(frames.query("select pg_sleep(600)"));
  await expect.poll(() => backends("active")).toBe(1);
  gate.end("expired");
  expect(gate.sessions).toBe(1);
  expect(errorOf((await client.until("E")).at(-1))).toMatchObject({ code: "57P01" });
  await expect.poll(() => gate.sessions).toBe(0);
  expect(gate.log.findIndex(({ what }) => what === "outcome")).toBeLessThan(
    gate.log.findIndex(({ what }) => what === "closed"),
  );
});

test("what waits in a pipeline behind a statement that the end cuts is not run, and what was run is said to be", async () => {
  const { gate, connect } = await serve();
  const client = await connect();
  const all = Array.from({ length: 500 }, (_, id) =>
    frames.query(`insert into done select ${id} from pg_sleep(0.02)`),
  );
  client.send(...all);
  for (let seen = 0; seen < 3; seen += 1) await client.until("Z");
  gate.end("revoked");
  await expect.poll(() => gate.sessions).toBe(0);
  await expect.poll(() => backends()).toBe(0);
  const { rows } = await admin.query<{ count: number }>("select count(*)::int from done");
  const outcomes = gate.log.filter((entry) => entry.what === "outcome");
  expect(outcomes).toHaveLength(500);
  expect(outcomes.filter(({ outcome }) => outcome.error === undefined)).toHaveLength(rows[0]?.count ?? -1);
  // It was not run to its end, which a cancel of the one statement alone would have let it do.
  expect(rows[0]?.count).toBeLessThan(400);
});

/** Sockets of this process, the gateway's to the database among them, in which much waits to be sent. */
function sendingMuch(but: unknown): readonly Socket[] {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles(): readonly unknown[] };
  return handles
    .call(process)
    .filter(
      (each): each is Socket => each instanceof Socket && each !== but && each.writableLength > 1_000_000,
    );
}

test("a statement that is half way to the database at the end never becomes whole", async () => {
  const { gate, connect } = await serve();
  const client = await connect();
  await admin.query("truncate done");
  const { rows } = await admin.query<{ pid: number }>(
    "select pid from pg_stat_activity where application_name like 'mayfly gr_test@%'",
  );
  const pid = rows[0]?.pid ?? 0;
  client.send(frames.parse("big", "insert into done select 1 where length($1::text) > 0"), frames.sync);
  await client.until("Z");
  // The backend stands still: a message larger than what sockets hold waits in the gateway.
  process.kill(pid, "SIGSTOP");
  try {
    client.send(frames.bind("", "big", ["x".repeat(14_000_000)]), frames.execute(""), frames.sync);
    await expect.poll(() => sendingMuch(client.socket)).toHaveLength(1);
    gate.end("expired");
    await expect.poll(() => gate.sessions).toBe(0);
  } finally {
    process.kill(pid, "SIGCONT");
  }
  await expect.poll(() => backends()).toBe(0);
  expect((await admin.query("select id from done")).rows).toEqual([]);
});

test("a client that dies takes a pipeline with it too", async () => {
  const { gate, connect } = await serve();
  const client = await connect();
  // Run to its end, it would take far longer than the polls below wait.
  client.send(...Array.from({ length: 500 }, () => frames.query("select pg_sleep(0.2)")));
  await client.until("Z");
  client.close();
  await expect.poll(() => gate.sessions).toBe(0);
  await expect.poll(() => backends()).toBe(0);
});

test("the database ends a statement at the deadline, though the gateway never does: an update that waits is not committed", async () => {
  const { connect } = await serve({ leftMs: 7000 });
  const client = await connect();
  const other = await connect();
  await admin.query("begin");
  await admin.query("update stock set left_over = 9 where id = 1");
  // The limit is told anew; `measured.siege.test.ts` measures that it is.
  await new Promise((resolve) => setTimeout(resolve, 4000));
  client.send(frames.query("update stock set left_over = 0 where id = 1"));
  other.send(frames.query("begin; update stock set left_over = 0 where id = 1; commit"));
  for (const each of [client, other]) {
    expect(errorOf((await each.until("E")).at(-1)).code).toMatch(/57014|25P04/);
  }
  await admin.query("commit");
  const { rows } = await admin.query("select left_over from stock");
  expect(rows).toEqual([{ left_over: 9 }]);
});

test("limits shrink with what is left, in and out of transactions, and no client sees them being set", async () => {
  let ahead = 0;
  const { gate, connect } = await serve(
    { leftMs: 20_000 },
    {
      ...systemClock,
      wall: () => systemClock.wall() + ahead,
      monotonic: () => systemClock.monotonic() + ahead,
    },
  );
  const client = await connect();
  const began = performance.now();
  const limit = async (setting = "statement_timeout"): Promise<number> =>
    milliseconds(await valueOf(client, `show ${setting}`));
  const left = (): number => 20_000 - ahead - (performance.now() - began);
  const checks = async (): Promise<void> => {
    for (const setting of [
      "statement_timeout",
      "transaction_timeout",
      "idle_in_transaction_session_timeout",
    ]) {
      const before = left();
      const slack = setting === "statement_timeout" ? 1250 : before / 3;
      expect(await limit(setting), setting).toBeLessThanOrEqual(before + slack);
    }
  };
  await checks();
  client.send(frames.parse("", "select 7"), frames.sync);
  expect(await client.answers()).toBe("1 Z");
  ahead += 4000;
  // The unnamed statement is the client's, whatever the gateway says in between.
  client.send(frames.bind("", ""), frames.execute(""), frames.sync);
  expect(await client.answers()).toBe("2 D C Z");
  await checks();
  client.send(frames.query("begin"));
  expect(await client.answers()).toBe("C Z");
  ahead += 4000;
  client.send(frames.query("set transaction isolation level serializable"));
  expect(await client.answers()).toBe("C Z");
  await checks();
  client.send(frames.query("this is no SQL"));
  expect(await client.answers()).toBe("E42601 Z");
  ahead += 4000;
  client.send(frames.query("rollback"));
  expect(await client.answers()).toBe("C Z");
  await checks();
  expect(gate.log.filter(({ what }) => what === "denied")).toEqual([]);
  client.close();
});

test("the database's own limits are never lengthened", async () => {
  await admin.query("create role careful login password 'careful'");
  await admin.query("alter role careful set statement_timeout = '7s'");
  await admin.query("alter role careful set idle_in_transaction_session_timeout = '3s'");
  const { connect } = await serve({ target: targetOf(postgres, { user: "careful" }, "careful") });
  const client = await connect();
  expect(await valueOf(client, "show statement_timeout")).toBe("7s");
  expect(await valueOf(client, "show idle_in_transaction_session_timeout")).toBe("3s");
  expect(milliseconds(await valueOf(client, "show transaction_timeout"))).toBeGreaterThan(50_000);
  expect(await valueOf(client, "show client_connection_check_interval")).toBe("500ms");
  expect(await valueOf(client, "show tcp_user_timeout")).toBe("20000");
  client.close();
});

test("a session is called after its grant, its gateway and its run; one that calls itself otherwise is ended too", async () => {
  const { gate, connect } = await serve();
  const client = await connect();
  expect(await valueOf(client, "show application_name")).toMatch(
    /^mayfly gr_test@[0-9a-f]{8}\.[0-9a-f]{6} tester$/,
  );
  client.send(frames.query(String.raw`set application_name = 'it''s \mine'`));
  expect(await client.answers()).toBe("C S Z");
  client.send(frames.query("set client_connection_check_interval = 0"));
  expect(await client.answers()).toBe("C Z");
  client.send(
    frames.query(
      "do $$ begin loop begin perform pg_sleep(600); exception when query_canceled then null; end; end loop; end $$",
    ),
  );
  const others = async (): Promise<number> => {
    const { rows } = await admin.query(
      "select 1 from pg_stat_activity where application_name like 'it%mine'",
    );
    return rows.length;
  };
  await expect.poll(() => others()).toBe(1);
  gate.end("revoked");
  await expect.poll(() => others()).toBe(0);
});
