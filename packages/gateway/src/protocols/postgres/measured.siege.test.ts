import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
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

// What is measured of sessions, with a real database: memory and time. What is exact of the same cases is in
// `ends`, `endings` and `wire-corpus`.

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let admin: pg.Client;
let wire: Listening;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  admin = new pg.Client({ connectionString: postgres.url() });
  await admin.connect();
  await admin.query("create table stock (id int primary key, n int); insert into stock values (1, 10)");
});
afterEach(() => wire.close());
afterAll(async () => {
  await admin.end();
  await postgres.stop();
  certificate.remove();
});

async function serve(
  options: Partial<FakeGateOptions> = {},
): Promise<{ gate: FakeGate; connect: () => Promise<RawClient> }> {
  const gate = createFakeGate({ target: targetOf(postgres), ...options });
  wire = await listenWire(gate, certificate);
  return {
    gate,
    async connect() {
      const client = await dial(wire.port);
      await client.logIn();
      return client;
    },
  };
}

test("a slow reader of a million rows is held in bounded memory", async () => {
  const { gate, connect } = await serve();
  const client = await connect();
  client.socket.pause();
  const before = process.memoryUsage().arrayBuffers;
  client.send(frames.query("select g, repeat('x', 100) from generate_series(1, 1000000) g"));
  const other = await connect();
  for (let round = 0; round < 200; round += 1) {
    other.send(frames.query("select 1"));
    expect(await other.answers()).toBe("T D C Z");
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  other.close();
  client.close();
  await expect.poll(() => gate.sessions).toBe(0);
});

test("a message that says it has two gigabytes takes no memory for them", async () => {
  const { connect } = await serve();
  const client = await connect();
  const before = process.memoryUsage().arrayBuffers;
  client.send(Buffer.from("Q\x7f\xff\xff\xff0123456789", "latin1"));
  expect(errorOf((await client.until("never")).at(-1))).toMatchObject({ code: "54000" });
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50_000_000);
});

test("the database is told anew how much is left: an update that waits ends at the deadline", async () => {
  const { connect } = await serve({ leftMs: 7000 });
  const client = await connect();
  await admin.query("begin");
  await admin.query("update stock set n = 9 where id = 1");
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const started = performance.now();
  client.send(frames.query("update stock set n = 0 where id = 1"));
  expect(errorOf((await client.until("E")).at(-1)).code).toMatch(/57014|25P04/);
  // 3,000 ms were left; what was set at the session's start would have ended it after 7,000.
  expect(performance.now() - started).toBeLessThan(5500);
  await admin.query("commit");
});
