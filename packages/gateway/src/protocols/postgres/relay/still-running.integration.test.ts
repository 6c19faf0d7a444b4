// tier: full
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { createFakeGate, type FakeGate } from "../testing/fake-gate.ts";
import { targetOf } from "../testing/target.ts";
import {
  dial,
  frames,
  listenWire,
  makeCertificate,
  type Listening,
  type RawClient,
  type TestCertificate,
} from "../testing/wire.ts";

/** A server process that does not listen: stopped, as one that looks for no interrupt seems to be. */
let stopped: number | undefined;
let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let admin: pg.Client;
let gate: FakeGate;
let wire: Listening;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  admin = new pg.Client({ connectionString: postgres.url() });
  await admin.connect();
});

afterEach(async () => {
  if (stopped !== undefined) process.kill(stopped, "SIGCONT");
  wire.close();
  // It was told to end, and does once it listens.
  await vi.waitUntil(async () => (await backends()).length === 0, { timeout: 30_000 });
  stopped = undefined;
});

afterAll(async () => {
  await admin.end();
  await postgres.stop();
  certificate.remove();
});

async function backends(): Promise<readonly number[]> {
  const { rows } = await admin.query<{ pid: number }>(
    "select pid from pg_stat_activity where application_name like 'mayfly gr_test@%' and query like '%pg_sleep%'",
  );
  return rows.map(({ pid }) => pid);
}

/** A client whose statement runs. */
async function running(): Promise<{ readonly client: RawClient; readonly pid: number }> {
  gate = createFakeGate({ target: targetOf(postgres), messageBytes: 64_000_000 });
  wire = await listenWire(gate, certificate);
  const client = await dial(wire.port);
  await client.logIn();
  client.send(frames.query("select pg_sleep(600)"));
  await expect.poll(backends).toHaveLength(1);
  const [pid = 0] = await backends();
  return { client, pid };
}

/** The same, of a process that does not listen. */
async function deaf(): Promise<{ readonly client: RawClient; readonly pid: number }> {
  const found = await running();
  process.kill(found.pid, "SIGSTOP");
  stopped = found.pid;
  return found;
}

const closed = (): unknown => gate.log.find(({ what }) => what === "closed");
const outcomes = (): readonly unknown[] =>
  gate.log.filter(({ what }) => what === "outcome").map((entry) => "outcome" in entry && entry.outcome);

test.each([
  ["the grant ends", () => gate.end("the grant is over"), "the grant is over"],
  ["the client goes", (client: RawClient) => client.close(), "the client went away"],
])("what a server goes on with is told, and its place is free: %s", async (_, end, why) => {
  const { client, pid } = await deaf();
  end(client);
  await expect.poll(closed, { timeout: 30_000 }).toMatchObject({
    why,
    stillRunning: { process: pid, acts: [0] },
  });
  expect(outcomes()).toMatchObject([
    { more: { ended: { confirmed: false }, still_running: { process: pid } } },
  ]);
  expect(gate.sessions).toBe(0);
  client.close();
});

/** More comes than a server takes that runs something, and the client goes. */
async function leaveWithMore(client: RawClient): Promise<void> {
  const long = "x".repeat(16_000_000);
  client.send(
    frames.parse("s", "select length($1)"),
    frames.bind("", "s", [long]),
    frames.execute(""),
    frames.sync,
  );
  await expect.poll(() => gate.log.filter(({ what }) => what === "intent")).toHaveLength(2);
  client.close();
}

test("also where the client's bytes have not all left, so that the connection is cut", async () => {
  const { client, pid } = await deaf();
  await leaveWithMore(client);
  await expect.poll(closed, { timeout: 30_000 }).toMatchObject({ stillRunning: { process: pid, acts: [0] } });
  // What waited behind it never begins.
  expect(outcomes()).toMatchObject([{ more: { still_running: { process: pid } } }, { error: "08006" }]);
  expect(outcomes()[1]).not.toMatchObject({ more: { still_running: {} } });
});

test("the database's word that it is gone ends one whose connection was cut", async () => {
  const { client } = await running();
  await leaveWithMore(client);
  await expect.poll(closed, { timeout: 30_000 }).toEqual({ what: "closed", why: "the client went away" });
  expect(outcomes()).toMatchObject([
    { error: "08006", more: { ended: { confirmed: true } } },
    { more: { ended: { confirmed: true } } },
  ]);
});
