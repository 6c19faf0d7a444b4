// tier: full
// COPY FROM STDIN that fails, with Syncs at each place and each pause in which a client can know what it waits for: the
// types, tags, SQLSTATEs and states of all answers are those of a direct connection, and what follows is answered alike.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { createFakeGate } from "../testing/fake-gate.ts";
import { answersTo, dialGateway, dialServer, type Step } from "../testing/steps.ts";
import { targetOf } from "../testing/target.ts";
import {
  frame,
  frames,
  listenWire,
  makeCertificate,
  type Listening,
  type RawClient,
  type TestCertificate,
} from "../testing/wire.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let wire: Listening;
let direct: RawClient;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  await postgres.run(`
    CREATE TABLE goods (id int PRIMARY KEY, name text);
    CREATE TABLE late (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED, name text);
    CREATE TABLE kept (id int, name text);
    CREATE VIEW shown AS SELECT 1 AS id`);
  const check = (sql: string): string | undefined => (sql === denied ? "not granted" : undefined);
  wire = await listenWire(createFakeGate({ target: targetOf(postgres), check }), certificate);
  direct = await dialServer(postgres);
});

afterAll(async () => {
  direct.close();
  wire.close();
  await postgres.stop();
  certificate.remove();
});

const { sync, flush } = frames;
const run = (sql: string): Buffer[] => [frames.parse("", sql), frames.bind("", ""), frames.execute("")];
const data = (text: string): Buffer => frame("d", Buffer.from(text));
const good = data("1\tsoap\n");
const done = frame("c");
const none: readonly Buffer[] = [];

/** A denial stands in the place of the error that a server has for what it cannot parse. */
const denied = "copy of what is not granted";

/** When a COPY fails: as it is executed, as its data are asked for, at a row, behind the last, at the commit. */
type When = "executed" | "begun" | "row" | "done" | "commit" | "never";

interface Failure {
  readonly sql: string;
  readonly rows: readonly Buffer[];
  readonly when: When;
}

const failures: Readonly<Record<string, Failure>> = {
  denied: { sql: denied, rows: [good], when: "executed" },
  "no such table": { sql: "copy missing from stdin", rows: [good], when: "executed" },
  "a view": { sql: "copy shown from stdin", rows: [good], when: "begun" },
  "a bad row": { sql: "copy goods from stdin", rows: [data("x\tsoap\n"), good], when: "row" },
  CopyFail: { sql: "copy goods from stdin", rows: [frame("f", "no more")], when: "row" },
  "a duplicate key": { sql: "copy goods from stdin", rows: [good, good], when: "done" },
  "a deferred key": { sql: "copy late from stdin", rows: [good, good], when: "commit" },
  "nothing fails": { sql: "copy kept from stdin", rows: [good], when: "never" },
};

/** How the COPY is said. */
const openings: Readonly<Record<string, (sql: string) => Buffer[]>> = {
  extended: run,
  simple: (sql) => [frames.query(sql)],
};

/** What follows CopyDone. */
const follows: Readonly<Record<string, readonly Buffer[]>> = {
  Sync: [sync],
  "two Syncs": [sync, sync],
  "a statement, Sync": [...run("select 1"), sync],
  "a query, Sync": [frames.query("select 1"), sync],
  "Sync, a statement, Sync": [sync, ...run("select 1"), sync],
  "a COPY, Sync": [...run("copy kept from stdin"), good, done, sync],
  "another that fails": [...run("copy goods from stdin"), sync, data("x"), done, ...run("select 1"), sync],
};

/** One timing. */
interface Timing {
  readonly isInBlock: boolean;
  /** Behind Execute, before the rows, behind them. */
  readonly behind: readonly Buffer[];
  readonly before: readonly Buffer[];
  readonly after: readonly Buffer[];
  /** Whether the client waits for Execute's answer, for the failure's error, for the ReadyForQuery behind that. */
  readonly waitsForExecute: boolean;
  readonly waitsForError: boolean;
  readonly waitsForReady: boolean;
  readonly follow: readonly Buffer[];
}

type Lists<Thing> = { readonly [Name in keyof Thing]: readonly Thing[Name][] };

/** Every choice of one thing out of each list. */
function product<Thing extends object>(lists: Lists<Thing>): Thing[] {
  let all: object[] = [{}];
  for (const [name, list] of Object.entries<readonly unknown[]>(lists))
    all = all.flatMap((some) => list.map((each) => ({ ...some, [name]: each })));
  return all as Thing[];
}

/** A client can wait for what a server says by itself alone: it would wait for ever otherwise. */
function timingsOf(when: When): Timing[] {
  const either = [false, true];
  const all = product<Timing>({
    isInBlock: either,
    behind: [none, [flush], [sync], [sync, sync]],
    before: [none, [sync]],
    after: [none, [sync]],
    waitsForExecute: either,
    waitsForError: when === "row" || when === "done" ? either : [false],
    waitsForReady: when === "row" ? either : [false],
    follow: Object.values(follows),
  });
  return all.filter((timing) => !timing.waitsForReady || timing.after.length > 0);
}

/** What a client says, and what it waits for. */
function stepsOf(opening: readonly Buffer[], { rows, when }: Failure, timing: Timing): Step[] {
  const begin: Step[] = timing.isInBlock ? [[frames.query("begin")], "Z"] : [];
  const executed = timing.waitsForExecute ? [when === "executed" ? "E" : "G"] : [];
  const error = timing.waitsForError ? ["E"] : [];
  const ready = timing.waitsForReady ? ["Z"] : [];
  const said = [...timing.before, ...rows];
  const data: Step[] =
    when === "done"
      ? [[...said, ...timing.after, done], ...error, timing.follow]
      : [said, ...error, timing.after, ...ready, [done, ...timing.follow]];
  return joined([...begin, [...opening, ...timing.behind], ...executed, ...data]);
}

/** Steps between which nothing is waited for are one. */
function joined(steps: readonly Step[]): Step[] {
  const all: Step[] = [];
  for (const step of steps) {
    const last = all.at(-1);
    if (typeof step === "string" || last === undefined || typeof last === "string") all.push(step);
    else all[all.length - 1] = [...last, ...step];
  }
  return all;
}

/** A message a write: the gateway then reads some of them before an answer, and some behind it. */
function oneByOne(client: RawClient, messages: readonly Buffer[]): void {
  for (const message of messages) client.send(message);
}

/** A denial has another SQLSTATE and message. */
function comparable(answers: readonly string[], { sql }: Failure): readonly string[] {
  return sql === denied ? answers.map((answer) => answer.replace(/^E 42[56]01 .*/u, "E")) : answers;
}

const cases = product<{ how: string; what: string }>({
  how: Object.keys(openings),
  what: Object.keys(failures),
});

test.each(cases)(
  "reads as on the server itself: $how, $what",
  { timeout: 120_000 },
  async ({ how, what }) => {
    const failure = failures[what];
    const opening = openings[how];
    if (failure === undefined || opening === undefined) throw new Error("no such case");
    const gateway = await dialGateway(wire);
    for (const timing of timingsOf(failure.when)) {
      const steps = stepsOf(opening(failure.sql), failure, timing);
      const answers = comparable(await answersTo(direct, steps), failure);
      const said = steps.map((step) => (typeof step === "string" ? step : Buffer.concat(step).toString()));
      for (const send of [undefined, oneByOne])
        expect(comparable(await answersTo(gateway, steps, send), failure), said.join("\n")).toEqual(answers);
      expect(answers.filter((answer) => answer.startsWith("Z"))).not.toEqual([]);
    }
    gateway.close();
  },
);
