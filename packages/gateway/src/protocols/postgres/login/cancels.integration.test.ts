// tier: gate
import { connect } from "node:net";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { createFakeGate } from "../testing/fake-gate.ts";
import {
  dial,
  frames,
  int32,
  listenWire,
  makeCertificate,
  type Listening,
  type Message,
  type RawClient,
  type TestCertificate,
} from "../testing/wire.ts";
import { targetOf } from "../testing/target.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let wire: Listening;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  const target = targetOf(postgres);
  wire = await listenWire(createFakeGate({ target }), certificate);
});
const clients: RawClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  wire.close();
  await postgres.stop();
  certificate.remove();
});

/** A session, and what asks to cancel what it runs. */
async function session(): Promise<{ client: RawClient; cancel: () => Promise<void> }> {
  const client = await dial(wire.port);
  clients.push(client);
  const greeting = await client.logIn();
  const key = greeting.find(({ type }: Message) => type === "K")?.body ?? Buffer.alloc(0);
  /** Settles when the gateway has closed the connection, as libpq's PQcancel does. */
  const cancel = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect(wire.port, "127.0.0.1", () =>
        socket.write(Buffer.concat([int32(16), int32(80_877_102), key])),
      );
      socket.on("error", () => undefined);
      socket.on("data", () => undefined);
      socket.once("close", () => resolve());
    });
  return { client, cancel };
}

/** How many backends run a statement now. */
async function running(sql: string): Promise<number> {
  const client = new pg.Client({ connectionString: postgres.url() });
  await client.connect();
  try {
    const { rowCount } = await client.query(
      "select 1 from pg_stat_activity where state = 'active' and query = $1 and pid <> pg_backend_pid()",
      [sql],
    );
    return rowCount ?? 0;
  } finally {
    await client.end();
  }
}

const rounds = 200;

test("a cancel request that comes when its statement is over cancels no other", async () => {
  const { client, cancel } = await session();
  for (let round = 0; round < rounds; round += 1) {
    client.send(frames.query("select 1"));
    expect(await client.answers()).toBe("T D C Z");
    await cancel();
    client.send(frames.query("select pg_sleep(0.01)"));
    expect(await client.answers(), `round ${round}`).toBe("T D C Z");
  }
});

test("a cancel request on the heels of its statement's end cancels no other, whether its close is waited for or not", async () => {
  const { client, cancel } = await session();
  let cancelled = 0;
  let step = 1 / 5000;
  for (let round = 0; round < rounds; round += 1) {
    // The statement ends before, while and after the request travels upstream, which takes longer on a busy machine.
    if (round % 20 === 0 && round > 0 && cancelled === 0) step *= 2;
    client.send(frames.query(`select pg_sleep(${(round % 20) * step})`));
    const asked = cancel();
    const first = await client.answers();
    expect(first).toMatch(/^(?:T D C Z|(?:T )?(?:D )?E57014 Z)$/);
    if (first.includes("E")) cancelled += 1;
    if (round % 2 === 0) await asked;
    client.send(frames.query("select pg_sleep(0.005)"));
    expect(await client.answers(), `round ${round}`).toBe("T D C Z");
    await asked;
  }
  // It was a race, and not one that was always won or lost.
  expect(cancelled).toBeGreaterThan(0);
});

test("a cancel request reaches a statement that runs, also one behind others in a pipeline, and the session goes on", async () => {
  const { client, cancel } = await session();
  client.send(frames.query("select 1"), frames.query("select pg_sleep(600)"));
  expect(await client.answers()).toBe("T D C Z");
  // A request that comes between two statements cancels neither of them, with PostgreSQL too.
  await expect.poll(() => running("select pg_sleep(600)")).toBe(1);
  await cancel();
  // What comes in the meantime waits for its turn and runs.
  client.send(frames.query("select 2"));
  expect(await client.answers()).toBe("T E57014 Z");
  expect(await client.answers()).toBe("T D C Z");
});

test("a wrong key is closed at once and cancels nothing", async () => {
  const { client } = await session();
  client.send(frames.query("select pg_sleep(0.2)"));
  await new Promise<void>((resolve) => {
    const socket = connect(wire.port, "127.0.0.1", () =>
      socket.write(Buffer.concat([int32(16), int32(80_877_102), Buffer.alloc(8)])),
    );
    socket.on("data", () => undefined);
    socket.once("close", () => resolve());
  });
  expect(await client.answers()).toBe("T D C Z");
});
