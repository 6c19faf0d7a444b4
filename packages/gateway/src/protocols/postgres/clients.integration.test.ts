// tier: full
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import postgresJs from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { createFakeGate, testGrant, testSecret, testToken, type FakeGate } from "./testing/fake-gate.ts";
import { listenWire, makeCertificate, type Listening, type TestCertificate } from "./testing/wire.ts";
import { pgClient } from "./testing/pg-client.ts";
import { targetOf } from "./testing/target.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let gate: FakeGate;
let wire: Listening;
let folder: string;

beforeAll(async () => {
  certificate = await makeCertificate();
  folder = await mkdtemp(path.join(tmpdir(), "mayfly-clients-"));
  postgres = await startPostgres();
  await postgres.run(`
    create table orders (id int primary key, note text);
    insert into orders select g, 'note ' || g from generate_series(1, 1000) g;
    create table empty (id int, note text);
    create table secret (id int)`);
  const target = targetOf(postgres);
  gate = createFakeGate({
    target,
    check: (sql) => (/secret/i.test(sql) ? "table public.secret is not granted" : undefined),
  });
  wire = await listenWire(gate, certificate);
});

afterAll(async () => {
  wire.close();
  await postgres.stop();
  certificate.remove();
  await rm(folder, { recursive: true, force: true });
});

interface Ran {
  readonly out: string;
  readonly error: string;
  readonly code: number | null;
}

interface PsqlOptions {
  readonly user?: string;
  readonly password?: string;
  readonly tls?: string;
  /** Runs once psql has printed something. */
  readonly started?: (kill: (signal: NodeJS.Signals) => void) => void;
}

function psql(args: readonly string[], options: PsqlOptions = {}): Promise<Ran> {
  const { user = testGrant, password = testSecret, tls = "verify-full" } = options;
  const where = `host=localhost hostaddr=127.0.0.1 port=${wire.port} user=${user} dbname=shop sslmode=${tls} sslrootcert=${certificate.file}`;
  const child = spawn("psql", ["-X", "-At", where, ...args], {
    env: { ...process.env, PGPASSWORD: password, LC_ALL: "C.UTF-8" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [out, error, started] = ["", "", false];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    out += text;
    if (!started) options.started?.((signal) => child.kill(signal));
    started = true;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    error += text;
  });
  return new Promise((resolve) => {
    child.once("close", (code) => resolve({ out, error, code }));
  });
}

function client(options: pg.ClientConfig = {}): pg.Client {
  return pgClient(wire, certificate, options);
}

async function connected<T>(use: (client: pg.Client) => Promise<T>, options?: pg.ClientConfig): Promise<T> {
  const one = client(options);
  await one.connect();
  try {
    return await use(one);
  } finally {
    await one.end();
  }
}

/** The details of the acts permitted since the log had that many entries. */
function intentsSince(before: number): readonly unknown[] {
  return gate.log.slice(before).flatMap((entry) => (entry.what === "intent" ? [entry.detail] : []));
}

test("psql logs in by secret, and by token over TLS only", async () => {
  expect(await psql(["-c", "select 1"])).toMatchObject({ out: "1\n", code: 0 });
  const token = { user: `${testGrant}.token`, password: testToken };
  expect(await psql(["-c", "select 1"], token)).toMatchObject({ out: "1\n", code: 0 });
  const plain = await psql(["-c", "select 1"], { ...token, tls: "disable" });
  expect(plain.error).toContain("an access token is taken over TLS only");
  expect((await psql(["-c", "select 1"], { ...token, password: "wrong" })).error).toContain(
    "no active grant",
  );
  expect((await psql(["-c", "select 1"], { password: "wrong" })).error).toContain(
    "password authentication failed",
  );
});

test("a denial reads as PostgreSQL's own, and the session goes on", async () => {
  const ran = await psql(["-c", "select * from secret", "-c", "select 2"]);
  expect(ran.error).toBe(
    "ERROR:  table public.secret is not granted\nDETAIL:  Refused by shop/read: statements.\nHINT:  ask for an operation that covers it: mayfly operations\n",
  );
  expect(ran.out).toBe("2\n");
});

test("a denial inside a transaction aborts it upstream too, and ROLLBACK mends it", async () => {
  await connected(async (one) => {
    await one.query("begin");
    await one.query("insert into empty values (1, 'lost')");
    await expect(one.query("select * from secret")).rejects.toMatchObject({ code: "42501" });
    await expect(one.query("select 1")).rejects.toMatchObject({ code: "25P02" });
    await one.query("rollback");
    expect((await one.query("select count(*)::int as n from empty")).rows).toEqual([{ n: 0 }]);
    await one.query("begin");
    await one.query("savepoint s");
    await expect(one.query("select $1::int from secret", [1])).rejects.toMatchObject({ code: "42501" });
    await one.query("rollback to s");
    expect((await one.query("select 7 as n")).rows).toEqual([{ n: 7 }]);
    await one.query("commit");
  });
});

test("psql copies in and out, describes, and runs several statements in one query", async () => {
  const file = path.join(folder, "rows.csv");
  await writeFile(file, Array.from({ length: 5000 }, (_, n) => `${n},row ${n}\n`).join(""));
  expect(await psql(["-c", `\\copy empty from '${file}' csv`])).toMatchObject({
    out: "COPY 5000\n",
    error: "",
  });
  const copied = path.join(folder, "out.csv");
  await psql(["-c", `\\copy empty to '${copied}' csv`]);
  expect(await readFile(copied, "utf8")).toBe(await readFile(file, "utf8"));
  const bad = path.join(folder, "bad.csv");
  await writeFile(bad, "1,fine\nnot a number,broken\n".repeat(2000));
  const failed = await psql(["-c", `\\copy empty from '${bad}' csv`, "-c", "select 3"]);
  expect(failed.error).toContain("invalid input syntax for type integer");
  expect(failed.out).toBe("3\n");
  expect((await psql(["-c", "\\d"])).out).toContain("public|orders|table|postgres");
  expect((await psql(["-c", "select 1; select 2; delete from empty"])).out).toBe("1\n2\nDELETE 5000\n");
});

test("psql gets notices, and a large result whole", async () => {
  const notice = await psql(["-c", "do $$ begin raise notice 'told'; end $$"]);
  expect(notice.error).toContain("NOTICE:  told");
  const large = await psql(["-c", "select g, repeat('x', 50) from generate_series(1, 100000) g"]);
  expect(large.out.split("\n").length).toBe(100_001);
});

test("Ctrl-C in psql cancels upstream", async () => {
  let timer: NodeJS.Timeout | undefined;
  const ran = await psql(
    ["-c", "select 0", "-c", "select pg_sleep(60)", "-c", "select 1"],
    // psql prints the first result before it sends the second query; the cancel may come first, so it is repeated.
    {
      started: (kill) => {
        timer = setInterval(() => kill("SIGINT"), 50);
      },
    },
  );
  clearInterval(timer);
  expect(ran.error).toContain("canceling statement due to user request");
});

test("pg: named statements are recorded once by text, then by reference to that, with their values", async () => {
  const before = gate.log.length;
  await connected(async (one) => {
    for (const id of [1, 2, 3]) {
      const { rows } = await one.query({
        name: "by-id",
        text: "select note from orders where id = $1",
        values: [id],
      });
      expect(rows).toEqual([{ note: `note ${id}` }]);
    }
  });
  const text = "select note from orders where id = $1";
  expect(intentsSince(before)).toEqual(
    ["1", "2", "3"].map((id) => ({ kind: "execute", parameters: [id], sql: text, statement: "by-id" })),
  );
  const said = gate.log.slice(before).flatMap((each) => (each.what === "intent" ? [each.repeats] : []));
  expect(said[0]).toBeUndefined();
  expect(said[1]).toBeTypeOf("number");
  expect(said[2]).toBe(said[1]);
  const outcomes = gate.log
    .slice(before)
    .flatMap((entry) => (entry.what === "outcome" ? [entry.outcome.rows] : []));
  expect(outcomes).toEqual([1, 1, 1]);
});

test("pg: an unnamed statement's parse and execution are one act", async () => {
  const before = gate.log.length;
  await connected((one) => one.query("select $1::text as x", ["it's"]));
  expect(intentsSince(before)).toEqual([
    { kind: "execute", parameters: ["it's"], sql: "select $1::text as x" },
  ]);
});

test("postgres: many pipelined queries, some denied, answers in order", async () => {
  const sql = postgresJs({
    host: "127.0.0.1",
    port: wire.port,
    user: testGrant,
    password: testSecret,
    database: "shop",
    max: 1,
    ssl: { ca: certificate.authority, servername: "localhost" },
    connection: { application_name: "pipelines" },
  });
  const answers = await Promise.allSettled(
    Array.from({ length: 200 }, (_, n) =>
      n % 10 === 3
        ? sql.unsafe("select * from secret")
        : sql`select ${n}::int as n, note from orders where id = ${n + 1}`,
    ),
  );
  await sql.end();
  const expected = answers.map((_, n) =>
    n % 10 === 3
      ? { status: "rejected", reason: { code: "42501" } }
      : { status: "fulfilled", value: [{ n, note: `note ${n + 1}` }] },
  );
  expect(answers).toMatchObject(expected);
});

test("values of every kind are the same as from the server itself, in text and binary", async () => {
  const sql = `select 1::int2, -2::int4, 3::int8, 1.5::float4, 'NaN'::float8, 12345678901234567890.123456789::numeric,
    true, 'ü\u20ac\u{1f600}'::text, '\\x00ff'::bytea, '2026-01-02'::date, '03:04:05.678'::time, '2026-01-02 03:04+05'::timestamptz,
    '1 year 2 mons'::interval, '{"a": [1, null]}'::jsonb, '{1,2,NULL}'::int[], '[1,5)'::int4range, '1.2.3.4/24'::inet,
    'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, '(1,2)'::point, null, ''::text, '<a/>'::xml, B'101', 'a=>b'::text, 5::money`;
  for (const binary of [false, true]) {
    const query = { text: sql, rowMode: "array" as const, binary };
    const direct = new pg.Client({ connectionString: postgres.url() });
    await direct.connect();
    const expected = await direct.query(query);
    await direct.end();
    const { rows, fields } = await connected((one) => one.query(query));
    expect(rows).toEqual(expected.rows);
    expect(fields).toEqual(expected.fields);
  }
});

test("a parameter of 8 MB goes through and is recorded; a message above the limit ends the session", async () => {
  const value = "x".repeat(8_000_000);
  await connected(async (one) => {
    const { rows } = await one.query("select length($1::text) as n, md5($1::text) as m", [value]);
    expect(rows).toMatchObject([{ n: 8_000_000 }]);
  });
  const act = gate.log.findLast((entry) => entry.what === "intent");
  expect(act).toMatchObject({ detail: { parameters: [value] } });
  const large = client();
  await large.connect();
  large.on("error", () => undefined);
  await expect(large.query("select $1::text", ["x".repeat(17_000_000)])).rejects.toThrow(
    /above the limit|terminated|EPIPE|ECONNRESET/,
  );
});

test("acts of a turn whose records could not be written are refused, in order, and nothing ran", async () => {
  await connected(async (one) => {
    gate.logFails = true;
    try {
      await expect(one.query("insert into empty values (1, 'unrecorded')")).rejects.toMatchObject({
        code: "42501",
      });
      await expect(one.query("insert into empty values ($1, 'unrecorded')", [2])).rejects.toMatchObject({
        code: "42501",
      });
    } finally {
      gate.logFails = false;
    }
    expect((await one.query("select count(*)::int as n from empty where note = 'unrecorded'")).rows).toEqual([
      { n: 0 },
    ]);
    // The lost record held the text: the next one holds it again, not its digest alone.
    await one.query("insert into empty values ($1, 'unrecorded')", [2]);
    expect(gate.log.findLast(({ what }) => what === "intent")).toMatchObject({
      detail: { sql: "insert into empty values ($1, 'unrecorded')" },
    });
  });
});
