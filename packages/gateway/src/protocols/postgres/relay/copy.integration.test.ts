// tier: gate
// COPY FROM STDIN, message by message beside a direct connection: whatever fails, and wherever.
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { createFakeGate, type FakeGate } from "../testing/fake-gate.ts";
import { answersTo, dialGateway, dialServer, type Step } from "../testing/steps.ts";
import { targetOf } from "../testing/target.ts";
import {
  dial,
  frame,
  frames,
  listenWire,
  makeCertificate,
  type Listening,
  type RawClient,
  type TestCertificate,
} from "../testing/wire.ts";
import { LOOK_EVERY_MS } from "./paused-clients.ts";

let gate: FakeGate;
let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let wire: Listening;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  await postgres.run(
    "CREATE TABLE goods (id int PRIMARY KEY, name text); CREATE VIEW shown AS SELECT 1 AS id",
  );
  gate = createFakeGate({ target: targetOf(postgres) });
  wire = await listenWire(gate, certificate);
});

afterAll(async () => {
  wire.close();
  await postgres.stop();
  certificate.remove();
});

const { sync, flush } = frames;
const run = (sql: string): Buffer[] => [frames.parse("", sql), frames.bind("", ""), frames.execute("")];
const copy = run("copy goods from stdin");
const data = (text: string): Buffer => frame("d", Buffer.from(text));
const good = data("1\tsoap\n");
const bad = data("x\tsoap\n");
const done = frame("c");
const failed = frame("f", "no more");
const begin = frames.query("begin");

const cases: readonly (readonly [what: string, ...Step[]])[] = [
  ["a bad row", copy, [flush], "G", [good, bad, good, done, sync]],
  ["a bad row, then nothing until the error is read", copy, [flush], "G", [bad], "E", [sync]],
  ["a bad row, and data sent after its error was read", copy, [flush], "G", [bad], "E", [good, done, sync]],
  ["CopyFail", copy, [flush], "G", [good, failed, sync]],
  ["CopyFail without data", copy, [flush], "G", [failed, sync]],
  ["a Sync behind Execute, as libpq sends it, and a bad row", copy, [sync], "G", [good, bad, done, sync]],
  ["a Sync behind Execute, and CopyFail", copy, [sync], "G", [failed, sync]],
  [
    "a Sync behind Execute, a bad row, data after its error was read",
    copy,
    [sync],
    "G",
    [bad],
    "E",
    [good, done, sync],
  ],
  ["a Sync behind Execute, and good data", [begin], "Z", copy, [sync], "G", [good, done, sync]],
  ["everything at once, a bad row", [...copy, good, bad, good, done, sync]],
  ["everything at once with a Sync behind Execute, a bad row", [...copy, sync, good, bad, done, sync]],
  ["everything at once, CopyFail", [...copy, sync, failed, sync]],
  ["everything at once, two Syncs before the data", [...copy, sync, flush, sync, bad, done, sync]],
  ["everything at once, and what follows", [...copy, bad, done, sync, ...run("select 1"), sync]],
  [
    "what stands between the failure and its Sync",
    [...copy, bad, done, ...run("select 1"), sync, ...run("select 2"), sync],
  ],
  [
    "what stands between the failure and its Sync, and a Sync behind Execute",
    [...copy, sync, bad, done, ...run("select 1"), sync, ...run("select 2"), sync],
  ],
  [
    "a simple query between the failure and its Sync, and a Sync behind Execute",
    copy,
    [sync],
    "G",
    [bad],
    "E",
    [frames.query("select 1"), sync],
  ],
  [
    "a statement between CopyFail and its Sync, and a Sync before it",
    copy,
    [flush],
    "G",
    [sync, failed, ...run("select 1"), sync],
  ],
  [
    "a statement behind a failure whose Sync stood among the data",
    [...copy, sync, bad, sync, done, ...run("select 1"), sync],
  ],
  [
    "a COPY between the failure of another and its Sync",
    [...copy, sync, bad, done, ...copy, sync, good, done, sync],
  ],
  ["a COPY that fails before it begins", [...run("copy shown from stdin"), sync, good, done, sync]],
  [
    "a COPY that fails before it begins, no Sync behind it",
    [...run("copy shown from stdin"), good, done, sync],
  ],
  ["a Sync as the last thing behind a bad row", copy, [flush], "G", [bad, sync], "Z"],
  ["a Sync behind an error that was read", copy, [flush], "G", [bad], "E", [sync, sync]],
  [
    "a Sync among data, behind the bad row",
    copy,
    [flush],
    "G",
    [good, bad, sync, good, good, sync, done, sync],
  ],
  ["a Sync among data, before the bad row", copy, [flush], "G", [good, sync, good, bad, good, done, sync]],
  [
    "Syncs on both sides of the bad row",
    copy,
    [sync],
    "G",
    [sync, good, sync, bad, sync, good, sync, done, sync],
  ],
  [
    "a COPY that fails before its first row, and waits for the error",
    run("copy shown from stdin"),
    [sync],
    "E",
    [sync],
  ],
  [
    "a simple query, Syncs on both sides of the bad row",
    [frames.query("copy goods from stdin")],
    "G",
    [sync, bad, sync, good, done, sync],
  ],
  [
    "a simple query that fails before its first row",
    [frames.query("copy shown from stdin"), sync, good, done, sync],
  ],
  [
    "the statement without a name lives on",
    copy,
    [sync],
    "G",
    [bad, done, sync],
    "Z",
    [frames.bind("", ""), frames.execute(""), sync],
    "G",
    [done, sync],
  ],
  ["a Sync among good data", [begin], "Z", copy, [flush], "G", [good, sync, done, sync]],
  [
    "in a transaction block",
    [begin],
    "Z",
    copy,
    [sync],
    "G",
    [good, bad, done, sync],
    "Z",
    [frames.query("select 1")],
  ],
  [
    "a duplicate key, found after the last row",
    copy,
    [sync],
    "G",
    [good, data("1\tsoap again\n"), done, sync],
  ],
  ["an empty COPY", copy, [sync], "G", [done, sync]],
  ["a simple query, a bad row", [frames.query("copy goods from stdin")], "G", [bad, good, done]],
  ["a simple query, CopyFail", [frames.query("copy goods from stdin")], "G", [good, failed]],
  [
    "a simple query, a Sync as the last thing behind a bad row",
    [frames.query("copy goods from stdin")],
    "G",
    [bad, sync],
    "Z",
  ],
  ["a simple query, a Sync before the data", [frames.query("copy goods from stdin")], "G", [sync, bad, done]],
  [
    "two COPYs in a simple query, the first fails",
    [frames.query("copy goods from stdin; copy goods from stdin")],
    "G",
    [bad, done],
  ],
  [
    "two COPYs in a simple query, the second fails",
    [frames.query("copy goods from stdin; copy goods from stdin")],
    "G",
    [done],
    "G",
    [failed],
  ],
  ["two COPYs of a pipeline, the first fails", [...copy, bad, done, ...copy, good, done, sync]],
  [
    "two COPYs of a pipeline with a Sync each, the first fails",
    [...copy, bad, done, sync, begin, ...copy, good, done, sync],
  ],
];

/** The answers in a session of their own. */
async function answersOf(dialed: Promise<RawClient>, steps: readonly Step[]): Promise<readonly string[]> {
  const client = await dialed;
  try {
    return await answersTo(client, steps);
  } finally {
    client.close();
  }
}

test.each(cases)("reads as on the server itself: %s", async (_, ...steps) => {
  const direct = await answersOf(dialServer(postgres), steps);
  expect(await answersOf(dialGateway(wire), steps)).toEqual(direct);
  expect(direct.filter((answer) => answer.startsWith("Z"))).not.toEqual([]);
});

test("what is discarded behind a failed COPY is recorded as that", async () => {
  const discarded = "insert into goods values (7, 'discarded')";
  await answersOf(dialGateway(wire), [[...copy, sync, bad, done, ...run(discarded), sync]]);
  const intents = gate.log.filter(({ what }) => what === "intent");
  const number = intents.findIndex((entry) => entry.what === "intent" && entry.sql === discarded);
  expect(gate.log.find((entry) => entry.what === "outcome" && entry.intent === number)).toMatchObject({
    outcome: { error: "discarded" },
  });
});

test("a client that sends data faster than the server takes it is told nothing meanwhile", async () => {
  const clock = fakeClock(Date.now());
  const own = createFakeGate({ target: targetOf(postgres), leftMs: 86_400_000 });
  const listening = await listenWire(own, certificate, { clock });
  const admin = new pg.Client({ connectionString: postgres.url() });
  await admin.connect();
  try {
    await admin.query(
      `CREATE TABLE slow (note text);
       CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NEW; END';
       CREATE TRIGGER wait BEFORE INSERT ON slow FOR EACH ROW EXECUTE FUNCTION wait()`,
    );
    await admin.query("SELECT pg_advisory_lock(7)");
    const client = await dial(listening.port);
    await client.logIn();
    client.send(frames.query("copy slow from stdin"));
    await client.until("G");
    const rows = data(`${"x".repeat(60_000)}\n`);
    client.send(Buffer.concat(Array.from({ length: 400 }, () => rows)));
    await expect.poll(() => listening.accepted[0]?.isPaused()).toBe(true);
    for (let look = 0; look < 3; look += 1) clock.advance(LOOK_EVERY_MS);
    await admin.query("SELECT pg_advisory_unlock(7)");
    client.send(done);
    expect((await client.until("Z")).map(({ type }) => type)).toEqual(["C", "Z"]);
    client.close();
  } finally {
    await admin.end();
    listening.close();
  }
});
