// tier: gate
import pg from "pg";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { type Clock, systemClock } from "../../kernel/clock.ts";
import { createFakeGate, type FakeGate } from "./testing/fake-gate.ts";
import {
  dial,
  dialTls,
  errorOf,
  frames,
  int32,
  listenWire,
  makeCertificate,
  startup,
  type Listening,
  type RawClient,
  type TestCertificate,
} from "./testing/wire.ts";
import { targetOf } from "./testing/target.ts";
import { LOOK_EVERY_MS } from "./relay/paused-clients.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let admin: pg.Client;
let gate: FakeGate;
let wire: Listening;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  admin = new pg.Client({ connectionString: postgres.url() });
  admin.on("error", () => undefined);
  await admin.connect();
});

beforeEach(async () => {
  gate?.end("the test is over");
  wire?.close();
  const target = targetOf(postgres);
  gate = createFakeGate({ target });
  wire = await listenWire(gate, certificate);
});

afterAll(async () => {
  wire.close();
  await admin.end().catch(() => undefined);
  await postgres.stop();
  certificate.remove();
});

/** Runs a query that sends a little and then waits, and reads its first row. */
async function longQuery(): Promise<RawClient> {
  const client = await dial(wire.port);
  await client.logIn();
  client.send(
    frames.query("select g, pg_sleep(case g when 5000 then 600 else 0 end) from generate_series(1, 5000) g"),
  );
  expect((await client.until("D")).map(({ type }) => type)).toEqual(["T", "D"]);
  return client;
}

/** Waits until no backend of a client's is left. */
async function gone(): Promise<void> {
  const left = async (): Promise<unknown> =>
    (
      await admin.query(
        "select state, query from pg_stat_activity where application_name like 'mayfly gr_test%'",
      )
    ).rows;
  await expect.poll(left).toEqual([]);
}

/** Waits until no session is open: a backend is off the list before its socket closes, which is when the gateway hears of it. */
async function ended(): Promise<void> {
  await expect.poll(() => gate.sessions).toBe(0);
}

test("the end of a grant in the middle of a result: cancelled upstream, told, cut, recorded once", async () => {
  const client = await longQuery();
  gate.end("grant gr_test expired after 5m");
  const rest = await client.until("E");
  expect(new Set(rest.slice(0, -1).map(({ type }) => type))).toEqual(new Set(["D"]));
  expect(errorOf(rest.at(-1))).toMatchObject({
    severity: "FATAL",
    code: "57P01",
    message: "terminating connection: grant gr_test expired after 5m",
  });
  expect(await client.next()).toBeUndefined();
  await gone();
  await ended();
  expect(gate.log.filter(({ what }) => what === "closed")).toHaveLength(1);
  expect(gate.log.find(({ what }) => what === "outcome")).toMatchObject({ outcome: { error: "57P01" } });
});

test("a client that is gone while it is not read: its session ends, and what runs is cancelled", async () => {
  const clock = fakeClock(Date.now());
  const own = createFakeGate({ target: targetOf(postgres), leftMs: 86_400_000 });
  const listening = await listenWire(own, certificate, { clock });
  try {
    const client = await dial(listening.port);
    await client.logIn();
    client.send(frames.query("select pg_sleep(600)"));
    // More than the gateway reads before answers come, and than the sockets' buffers hold: the end stands behind it.
    client.send(Buffer.concat(Array.from({ length: 800_000 }, () => frames.query("select 1"))));
    await expect.poll(() => listening.accepted[0]?.isPaused()).toBe(true);
    client.close();
    const look = (): number => {
      clock.advance(LOOK_EVERY_MS);
      return own.sessions;
    };
    await expect.poll(look).toBe(0);
    expect(own.log.findLast(({ what }) => what === "closed")).toMatchObject({ why: "the client went away" });
    await gone();
  } finally {
    listening.close();
  }
});

test("the end of a grant while idle", async () => {
  const client = await dial(wire.port);
  await client.logIn();
  gate.end("released");
  expect(errorOf(await client.next())).toMatchObject({ severity: "FATAL", code: "57P01" });
  expect(await client.next()).toBeUndefined();
  await gone();
});

test("the end of a grant in the middle of a client's message: it is told, and sees the end once it has sent it", async () => {
  const client = await dial(wire.port);
  await client.logIn();
  const message = frames.query(`select '${"x".repeat(100_000)}'`);
  client.send(message.subarray(0, 50_000));
  let isOver = false;
  client.socket.once("end", () => {
    isOver = true;
  });
  // What came with the log-in counts too: half of the message is there, or nearly so.
  await expect.poll(() => (wire.accepted.at(-1) as { bytesRead: number }).bytesRead).toBeGreaterThan(50_000);
  gate.end("the grant was revoked");
  expect(errorOf(await client.next())).toMatchObject({ severity: "FATAL", code: "57P01" });
  // A round trip on another connection: an end that was sent with the words would be here by now.
  const other = await dial(wire.port);
  await other.logIn();
  expect(isOver).toBe(false);
  client.send(message.subarray(50_000));
  expect(await client.next()).toBeUndefined();
  expect(isOver).toBe(true);
  other.close();
  await ended();
});

test("the end of a grant while a client does not read: both sockets close all the same", async () => {
  const client = await dial(wire.port);
  await client.logIn();
  client.socket.pause();
  client.send(frames.query("select repeat('x', 1000) from generate_series(1, 1000000)"));
  // The server blocks once every buffer on the way is full.
  for (;;) {
    const { rows } = await admin.query(
      "select 1 from pg_stat_activity where application_name like 'mayfly%' and wait_event = 'ClientWrite'",
    );
    if (rows.length > 0) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  gate.end("expired");
  await gone();
  await expect.poll(() => wire.accepted[0]?.destroyed).toBe(true);
});

test("a client that vanishes takes its query with it", async () => {
  const client = await longQuery();
  client.close();
  await gone();
  await ended();
  expect(gate.log.at(-1)).toMatchObject({ what: "closed", why: "the client went away" });
});

test("a database that dies in the middle of a query, and comes back", async () => {
  const client = await longQuery();
  await postgres.crash();
  const rest = await client.until("E");
  // A database that dies within a row leaves no place for an error: the connection then closes behind what came whole.
  const last = rest.at(-1);
  const end = last?.type === "E" ? errorOf(last).severity : last?.type;
  expect(["FATAL", "D"]).toContain(end);
  expect(await client.until("never")).toBeDefined();
  await ended();

  const down = await dial(wire.port);
  const answers = await down.logIn();
  expect(errorOf(answers.at(-1))).toMatchObject({ severity: "FATAL", code: "08001" });
  await postgres.start();
  const back = await dial(wire.port);
  await back.logIn();
  back.send(frames.query("select 1"));
  expect(await back.answers()).toBe("T D C Z");
  back.close();
  admin = new pg.Client({ connectionString: postgres.url() });
  admin.on("error", () => undefined);
  await admin.connect();
});

test("a slow reader of a million rows holds up nothing but itself", async () => {
  const client = await dial(wire.port);
  await client.logIn();
  client.socket.pause();
  client.send(frames.query("select g, repeat('x', 100) from generate_series(1, 1000000) g"));
  const other = await dial(wire.port);
  await other.logIn();
  for (let round = 0; round < 200; round += 1) {
    other.send(frames.query("select 1"));
    expect(await other.answers()).toBe("T D C Z");
  }
  other.close();
  client.close();
  await gone();
});

test("a handshake that dawdles is cut by the clock, wherever it stands; others get in meanwhile", async () => {
  const clock = fakeClock();
  const slow = createFakeGate({ target: {}, handshakeMs: 5000 });
  const listening = await listenWire(slow, certificate, { clock });
  const none = await dial(listening.port);
  const part = await dial(listening.port);
  part.send(startup({ user: "gr_test", database: "shop" }).subarray(0, 6));
  const asked = await dial(listening.port);
  asked.send(startup({ user: "gr_test", database: "shop" }));
  expect((await asked.next())?.type).toBe("R");
  const secured = await dial(listening.port);
  secured.send(Buffer.concat([int32(8), int32(80_877_103)]));
  expect(await secured.byte()).toBe("S");
  clock.advance(4999);
  asked.send(Buffer.from("p"));
  clock.advance(1);
  for (const client of [none, part, asked, secured]) expect(await client.next()).toBeUndefined();
  expect(slow.log.filter(({ what }) => what === "refused")).toHaveLength(4);
  listening.close();
});

test("a flood of half-open connections does not keep a client out", async () => {
  const flood = await Promise.all(Array.from({ length: 300 }, () => dial(wire.port)));
  const client = await dial(wire.port);
  await client.logIn();
  client.send(frames.query("select 1"));
  expect(await client.answers()).toBe("T D C Z");
  for (const each of [...flood, client]) each.close();
});

test("direct TLS wants ALPN postgresql; without TLS nobody gets in where loopback is not excepted", async () => {
  const direct = await dialTls(wire.port, certificate.authority, ["postgresql"]);
  await direct.logIn();
  direct.send(frames.query("select 1"));
  expect(await direct.answers()).toBe("T D C Z");
  direct.close();
  const other = await dialTls(wire.port, certificate.authority, []);
  other.send(startup({ user: "gr_test", database: "shop" }));
  expect(await other.next()).toBeUndefined();
  const strict = await listenWire(gate, certificate, { allowInsecureLoopback: false });
  const plain = await dial(strict.port);
  plain.send(startup({ user: "gr_test", database: "shop" }));
  expect(errorOf(await plain.next())).toMatchObject({ severity: "FATAL", code: "28000" });
  strict.close();
});

test("protocol 3.2 and unknown options are negotiated down to 3.0", async () => {
  const client = await dial(wire.port);
  client.send(startup({ user: "gr_test", database: "shop", "_pq_.colour": "blue" }, 0x30002));
  const answer = await client.next();
  expect(answer?.type).toBe("v");
  expect(answer?.body).toEqual(Buffer.concat([int32(0x30000), int32(1), Buffer.from("_pq_.colour\0")]));
  client.close();
});

test("messages of many kinds in one segment, pipelined over several, keep their order and their names", async () => {
  const client = await dial(wire.port);
  await client.logIn();
  // The second Bind stands behind a Sync whose Parse has not been answered: it waits for the answer.
  client.send(
    frames.parse("s", "select 1"),
    frames.sync,
    frames.bind("", "s"),
    frames.execute(""),
    frames.sync,
  );
  expect(await client.answers()).toBe("1 Z");
  expect(await client.answers()).toBe("2 D C Z");
  // A Parse that the server discards leaves the old meaning: the record says what ran.
  client.send(frames.bind("", "nope"), frames.close("S", "s"), frames.parse("s", "select 2"), frames.sync);
  client.send(frames.bind("", "s"), frames.execute(""), frames.sync);
  expect(await client.answers()).toBe("E26000 Z");
  expect(await client.answers()).toBe("2 D C Z");
  const last = gate.log.findLast((entry) => entry.what === "intent");
  expect(last).toMatchObject({ sql: "select 1", detail: { kind: "execute" } });
  // Without a Sync the server keeps its answers back: waiting must not wait for ever.
  client.send(frames.parse("", "prepare p as select 3"), frames.bind("", ""), frames.execute(""));
  client.send(frames.bind("", "p"), frames.execute(""), frames.sync);
  expect(await client.answers()).toBe("1 2 C 2 D C Z");
  // Answers to Describe, Close and an empty query.
  client.send(frames.parse("", ""), frames.describe("S", ""), frames.bind("", ""), frames.describe("P", ""));
  client.send(frames.execute(""), frames.close("S", ""), frames.close("P", ""), frames.flush, frames.sync);
  expect(await client.answers()).toBe("1 t n 2 n I 3 3 Z");
  client.close();
});

test("an act that the log lost while its session ended has no outcome: its number will be another record's", async () => {
  wire.close();
  gate = createFakeGate({
    target: targetOf(postgres),
    // The session ends behind the verdict, in the very turn whose records cannot be written.
    check(sql) {
      if (sql === "select 'lost'") {
        gate.logFails = true;
        process.nextTick(() => gate.end("revoked"));
      }
      return undefined;
    },
  });
  wire = await listenWire(gate, certificate);
  const client = await dial(wire.port);
  await client.logIn();
  client.send(frames.query("select 'kept'"));
  await client.until("Z");
  client.send(frames.query("select 'lost'"));
  await ended();
  const intents = gate.log.flatMap((entry) => (entry.what === "intent" ? entry.sql : []));
  expect(intents).toEqual(["select 'kept'", "select 'lost'"]);
  const outcomes = gate.log.flatMap((entry) => (entry.what === "outcome" ? entry.intent : []));
  expect(outcomes).toEqual([0]);
});

test("statements that come too soon after others wait, and are then answered in order", async () => {
  wire.close();
  let pauses = 0;
  gate = createFakeGate({ target: targetOf(postgres), pause: () => ((pauses += 1) % 5 === 0 ? 0 : 1) });
  wire = await listenWire(gate, certificate);
  const client = await dial(wire.port);
  await client.logIn();
  const answers = 5;
  client.send(...Array.from({ length: answers }, (_, at) => frames.query(`select ${at}`)));
  for (let at = 0; at < answers; at += 1) {
    const row = (await client.until("Z")).find(({ type }) => type === "D");
    expect(row?.body.subarray(6).toString()).toBe(String(at));
  }
  expect(gate.log.filter(({ what }) => what === "intent")).toHaveLength(answers);
  expect(pauses).toBeGreaterThan(5 * answers - 5);
});

test("a session that waits has one timer, however much is answered meanwhile, and none once it is over", async () => {
  wire.close();
  const PAUSE_MS = 123_456;
  let pending = 0;
  const clock: Clock = {
    ...systemClock,
    schedule(ms, run) {
      const stop = systemClock.schedule(ms, run);
      if (ms !== PAUSE_MS) return stop;
      pending += 1;
      let isOver = false;
      return () => {
        if (!isOver) pending -= 1;
        isOver = true;
        stop();
      };
    },
  };
  const intents = (): number => gate.log.filter(({ what }) => what === "intent").length;
  gate = createFakeGate({ target: targetOf(postgres), pause: () => (intents() === 0 ? 0 : PAUSE_MS) });
  wire = await listenWire(gate, certificate, { clock });
  const client = await dial(wire.port);
  await client.logIn();
  // Megabytes come while the second statement waits.
  client.send(
    frames.query("select repeat('x', 1000) from generate_series(1, 5000)"),
    frames.query("select 2"),
  );
  await client.until("Z");
  expect([intents(), pending]).toEqual([1, 1]);
  gate.end("revoked");
  await ended();
  expect(pending).toBe(0);
});
