// tier: gate
// What a client reads where something is wrong, beside what it reads of PostgreSQL directly.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { loadGrammar } from "./guard/syntax/grammar.ts";
import { scopeSchema } from "./scope.ts";
import { createFakeGate, testGrant, testSecret } from "./testing/fake-gate.ts";
import { pgClient } from "./testing/pg-client.ts";
import { targetOf } from "./testing/target.ts";
import {
  dial,
  frames,
  listenWire,
  makeCertificate,
  type Listening,
  type TestCertificate,
} from "./testing/wire.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let gate: ReturnType<typeof createFakeGate>;
let wire: Listening;
let folder: string;

beforeAll(async () => {
  await loadGrammar();
  certificate = await makeCertificate();
  folder = await mkdtemp(path.join(tmpdir(), "mayfly-as-postgres-"));
  postgres = await startPostgres();
  await postgres.run("create table orders (id int primary key, note text)");
  const scope = scopeSchema.parse({ statements: ["select"], tables: { "public.orders": "all" } });
  gate = createFakeGate({
    target: targetOf(postgres),
    messageBytes: 1_048_576,
    scopes: [{ name: "shop/read", scope }],
    isGuarded: true,
  });
  wire = await listenWire(gate, certificate);
});
afterAll(async () => {
  wire.close();
  await postgres.stop();
  certificate.remove();
  await rm(folder, { recursive: true, force: true });
});

function through(options: pg.ClientConfig = {}): pg.Client {
  return pgClient(wire, certificate, options);
}

/** What an error tells a driver: everything but where in PostgreSQL's sources it was raised. */
async function errorOf(client: pg.Client, sql: string): Promise<Record<string, unknown>> {
  try {
    await client.query(sql);
    return {};
  } catch (error) {
    const { code, message, position, severity, detail, hint } = error as pg.DatabaseError;
    return { code, message, position, severity, detail, hint };
  }
}

test.each([
  "slect 1",
  "select * from orders where",
  "select 'ä', from orders",
  "select $$ open",
  "select 1 1 1",
  "select id from orders order by",
])("a syntax error reads as without a gateway: %s", async (sql) => {
  const [direct, mine] = [new pg.Client({ connectionString: postgres.url() }), through()];
  await Promise.all([direct.connect(), mine.connect()]);
  try {
    const error = await errorOf(direct, sql);
    expect(error["code"]).toBe("42601");
    expect(await errorOf(mine, sql)).toEqual(error);
    // The session goes on.
    expect((await mine.query("select 1 as n")).rows).toEqual([{ n: 1 }]);
  } finally {
    await Promise.all([direct.end(), mine.end()]);
  }
});

test.each([
  ["select nothing", "42703", 'column "nothing" does not exist'],
  ["select d.nothing from (select 1 as id) d", "42703", "column d.nothing does not exist"],
  ["with w(a) as (select 1) select w.b from w", "42703", "column w.b does not exist"],
  ["select nobody.id from orders", "42P01", 'missing FROM-clause entry for table "nobody"'],
])("a name that is nowhere reads as without a gateway: %s", async (sql, code, message) => {
  const [direct, mine] = [new pg.Client({ connectionString: postgres.url() }), through()];
  await Promise.all([direct.connect(), mine.connect()]);
  try {
    for (const client of [direct, mine]) expect(await errorOf(client, sql)).toMatchObject({ code, message });
  } finally {
    await Promise.all([direct.end(), mine.end()]);
  }
});

test("the process that a client is told of is the one that it has, and its application's name the one that it gave", async () => {
  const client = through({ application_name: "reports" }) as pg.Client & { processID: number };
  const named: string[] = [];
  (client as unknown as { connection: NodeJS.EventEmitter }).connection.on(
    "parameterStatus",
    (said: { parameterName: string; parameterValue: string }) => {
      if (said.parameterName === "application_name") named.push(said.parameterValue);
    },
  );
  await client.connect();
  try {
    const { rows } = await client.query("select pg_backend_pid() as pid");
    expect(client.processID).toBeGreaterThan(0);
    expect(rows).toEqual([{ pid: client.processID }]);
    expect(named).toEqual(["reports"]);
  } finally {
    await client.end();
  }
});

test("a session that the database ends is told so once", async () => {
  const client = await dial(wire.port);
  try {
    await client.logIn();
    client.send(frames.query("select pg_backend_pid()"));
    const answer = await client.answers();
    expect(answer).toBe("T D C Z");
    await postgres.run(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'mayfly gr%'",
    );
    expect(await client.answers()).toBe("E57P01");
  } finally {
    client.close();
  }
});

test("a first packet that is none of PostgreSQL's is closed in silence", async () => {
  const socket = connect(wire.port, "127.0.0.1");
  let said = 0;
  socket.on("data", (bytes: Buffer) => {
    said += bytes.length;
  });
  socket.write("X\0\0\0\u0004");
  await once(socket, "close");
  expect(said).toBe(0);
});

interface Ran {
  readonly out: string;
  readonly error: string;
}

function psql(where: string, args: readonly string[], { port } = wire): Promise<Ran> {
  const child = spawn(
    "psql",
    [
      "-X",
      "-At",
      `host=localhost hostaddr=127.0.0.1 port=${port} user=${testGrant} dbname=shop ${where}`,
      ...args,
    ],
    { env: { ...process.env, PGPASSWORD: testSecret, LC_ALL: "C.UTF-8" }, stdio: ["ignore", "pipe", "pipe"] },
  );
  const ran = { out: "", error: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (ran.out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (ran.error += text));
  return new Promise((resolve) => child.once("close", () => resolve(ran)));
}

/** The system's clock, whose timers take a hundred times as long: what a test sees is decided by the peers alone. */
const patient: Clock = {
  ...systemClock,
  schedule: (ms, run) => systemClock.schedule(ms * 100, run),
};

test("libpq reads why a message was too long", async () => {
  const waits = await listenWire(gate, certificate, { clock: patient });
  onTestFinished(() => waits.close());
  const file = path.join(folder, "long.sql");
  await writeFile(file, `\\set VERBOSITY sqlstate\nselect '${"x".repeat(4_000_000)}';\n`);
  const tls = `sslmode=verify-full sslrootcert=${certificate.file}`;
  expect((await psql(tls, ["-f", file], waits)).error).toContain("FATAL:  54000");
  expect((await psql("sslmode=disable", ["-f", file], waits)).error).toContain("FATAL:  54000");
});

test(
  "a client that is refused, never reads and goes on sending is cut all the same",
  { timeout: 60_000 },
  async () => {
    const before = wire.accepted.length;
    const attacker = connect(wire.port, "127.0.0.1").pause();
    const closed = once(attacker, "close");
    // What is cut while it sends may be told so by a reset.
    attacker.on("error", () => undefined);
    attacker.write("GET / HTTP/1.1\r\n\r\n");
    await expect.poll(() => wire.accepted.length, { timeout: 30_000 }).toBe(before + 1);
    const accepted = wire.accepted.at(-1);
    const sending = setInterval(() => attacker.write("x"), 50);
    onTestFinished(() => clearInterval(sending));
    await expect.poll(() => accepted?.destroyed, { timeout: 30_000 }).toBe(true);
    attacker.destroy();
    await closed;
  },
);

test("a client may insist on binding its log-in to the TLS channel", async () => {
  const tls = `sslmode=verify-full sslrootcert=${certificate.file} channel_binding=require`;
  expect(await psql(tls, ["-c", "select 1"])).toEqual({ out: "1\n", error: "" });
  const client = through({ enableChannelBinding: true });
  await client.connect();
  await client.end();
});
