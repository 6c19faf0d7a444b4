// tier: gate
import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import {
  dialTls,
  errorOf,
  frame,
  frames,
  type RawClient,
} from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { getAccess, type Access } from "@mayfly/testing/api.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";
import { choicesFrom, type Choices } from "./wire-fuzz/choices.ts";
import { createTalk, type Talk } from "./wire-fuzz/messages.ts";
import { missing } from "./wire-fuzz/ran.ts";
import { readRecords } from "./wire-fuzz/records.ts";
import { loggingSettings, readLog, readServerLog } from "./wire-fuzz/server-log.ts";

// Random sequences of messages against a live gateway, compared with what the server's own log says it did. A sequence is
// one session. Each text that ran has an intent before it, with its values, in the same order; each act that the audit
// log calls done was done; and whatever the executor ran, by whichever way, a record tells with its values.

const asked = process.env["MAYFLY_FUZZ_SESSIONS"];
const sequences = Number(asked ?? 30);
const seed = Number(process.env["MAYFLY_FUZZ_SEED"] ?? 20_261_124);
/** How many pipelines a session says at most: a few, or so many that records forget what they have told. */
const PIPELINES = [3, 3, 6, 6, 12, 40];
/** Sequences of one gateway, and of one grant. */
const MAX_OF_A_WORLD = 250;
const AT_ONCE = 3;

/** What was compared. */
interface Figures {
  sequences: number;
  /** Sessions that came to the end of their pipelines. A COPY that the next message cuts ends one before. */
  whole: number;
  statements: number;
  values: number;
  /** Executes that went on with a portal. */
  continued: number;
  /** Texts behind SQL's EXECUTE. */
  prepared: number;
  /** Statements that the executor ran. */
  executed: number;
  /** FETCH, MOVE and EXECUTE that were refused, since no record would have told what they run. */
  untold: number;
}

function noFigures(): Figures {
  return {
    sequences: 0,
    whole: 0,
    statements: 0,
    values: 0,
    continued: 0,
    prepared: 0,
    executed: 0,
    untold: 0,
  };
}

/**
 * Errors that the marker's own statement may have met: its transaction has failed, or, behind a pipeline without a Sync, the
 * server lost track of it ("StartTransactionCommand: unexpected state STARTED").
 */
const MARKER_LOST: ReadonlySet<string> = new Set(["25P02", "XX000"]);

/** One client's session while it talks. */
interface Conversation {
  readonly client: RawClient;
  readonly choices: Choices;
  readonly talk: Talk;
  readonly figures: Figures;
}

/**
 * Sends bytes cut at random places and a marker behind them, and reads up to its answer.
 * @returns whether the session has ended, and else whether more was sent meanwhile, whose answers may be owed
 */
async function exchange(
  { client, choices, talk, figures }: Conversation,
  bytes: Buffer,
): Promise<"ended" | "owed" | "answered"> {
  const { pick, chance, below } = choices;
  for (let at = 0; at < bytes.length;) {
    const next = chance(0.6) ? bytes.length : at + 1 + below(bytes.length - at);
    client.send(bytes.subarray(at, next));
    at = next;
    if (chance(0.5)) await new Promise(setImmediate);
  }
  const marker = `marker ${talk.serial()}`;
  const ask = frames.query(`select '${marker}'`);
  client.send(frames.sync, ask);
  let state: "owed" | "answered" = "answered";
  for (;;) {
    const message = await client.next();
    if (message === undefined) return "ended";
    if (message.type === "E") {
      const { code, message: words } = errorOf(message);
      if (words.includes("made by a ")) figures.untold += 1;
      if (MARKER_LOST.has(code)) {
        state = "owed";
        client.send(frames.query(pick(["rollback", "rollback to x"])), ask);
      }
    }
    if (message.type === "G") {
      // What was sent behind is lost: the marker is sent again.
      state = "owed";
      client.send(
        pick([frame("c"), frame("f", "no more"), frame("d", Buffer.from("not a row\n"))]),
        chance(0.5) ? frame("d", Buffer.from("2\ttwo\n")) : Buffer.alloc(0),
        frame("c"),
        frames.sync,
        ask,
      );
    }
    if (message.type === "D" && message.body.includes(marker)) {
      await client.until("Z");
      return state;
    }
  }
}

/** One client's whole session. @returns whether it came to its end, with everything answered */
async function converse(world: World, access: Access, number: number, figures: Figures): Promise<boolean> {
  const choices = choicesFrom(seed + number);
  const talk = createTalk(choices);
  const ca = readFileSync(world.gateway.caFile, "utf8");
  const client = await dialTls(world.gateway.postgresPort, ca, ["postgresql"]);
  const opened = await client.logIn({
    user: access.grant,
    database: "orders-db",
    secret: access.secret,
    parameters: { application_name: nameOf(number) },
  });
  const refused = opened.find(({ type }) => type === "E");
  if (refused !== undefined) throw new Error(`${nameOf(number)}: ${errorOf(refused).message}`);
  const conversation = { client, choices, talk, figures };
  let state = "answered";
  for (let left = choices.pick(PIPELINES); state !== "ended" && left > 0; left -= 1)
    state = await exchange(conversation, talk.pipeline());
  while (state === "owed") state = await exchange(conversation, Buffer.alloc(0));
  client.close();
  return state === "answered";
}

const nameOf = (number: number): string => `fuzz-${number}`;

/** Starts a world whose database says what it runs. */
async function startTalkative(): Promise<World> {
  const world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text.replace(
        "statements: [select, copy_to]\n        tables: {",
        "statements: [select, insert, copy_to, copy_from]\n        tables: { public.basket: all, public.shown: all,",
      ),
    database: { settings: loggingSettings },
  });
  await world.postgres.run(
    "create table basket (id text, note text); create view shown as select * from basket; grant select, insert on basket, shown to mayfly",
    "shop",
  );
  return world;
}

/** Has so many sequences said, a few at once. @returns those that came to their end */
async function converseAll(
  world: World,
  first: number,
  count: number,
  figures: Figures,
): Promise<ReadonlySet<number>> {
  const access = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
  const whole = new Set<number>();
  let next = first;
  const one = async (): Promise<void> => {
    while (next < first + count) {
      const number = next;
      next += 1;
      if (await converse(world, access, number, figures)) whole.add(number);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return whole;
}

/** Reads the server's log once it holds some words. */
async function untilSaid(data: string, words: string): Promise<string> {
  for (;;) {
    const log = await readLog(data);
    if (log.includes(words)) return log;
    await new Promise(setImmediate);
  }
}

/** Runs sequences against a world of their own, compares, and adds to the figures. */
async function compare(first: number, count: number, figures: Figures): Promise<void> {
  const world = await startTalkative();
  try {
    const whole = await converseAll(world, first, count, figures);
    await world.gateway.stop();
    // Once the server has said this, it has said all.
    await world.postgres.run("select 'the log ends here'");
    const log = await untilSaid(world.postgres.data, "the log ends here");
    const records = await readRecords(path.join(world.folder, "data/audit"));
    const server = readServerLog(log);
    const sides = Array.from({ length: count }, (_, at) => {
      const [recorded, ran] = [records.get(nameOf(first + at)), server.get(nameOf(first + at))];
      if (recorded === undefined || ran === undefined) throw new Error(`${nameOf(first + at)} left no trace`);
      return { number: first + at, which: `seed ${seed}, sequence ${first + at}`, recorded, ran };
    });
    for (const { which, recorded, ran } of sides) {
      expect(missing(ran.begun, recorded.intents), `${which}: ran without an intent`).toBeUndefined();
      const untold = ran.executed.find((each) => !recorded.tells(each));
      expect(untold, `${which}: was executed, and no record tells it`).toBeUndefined();
      const unnamed = ran.prepared.find((text) => !recorded.texts.has(text));
      expect(unnamed, `${which}: is behind an EXECUTE, and no record tells it`).toBeUndefined();
      figures.statements += ran.begun.length;
      figures.values += ran.values;
      figures.continued += ran.continued;
      figures.prepared += ran.prepared.length;
      figures.executed += ran.executed.length;
    }
    for (const { which, recorded, ran } of sides.filter(({ number }) => whole.has(number)))
      expect(recorded.done, which).toEqual(ran.done);
    figures.sequences += count;
    figures.whole += whole.size;
  } finally {
    await world.stop();
  }
}

test(
  "what the database ran is what was permitted and recorded, with its values, in random sequences",
  async () => {
    const figures = noFigures();
    for (let first = 0; first < sequences; first += MAX_OF_A_WORLD)
      await compare(first, Math.min(MAX_OF_A_WORLD, sequences - first), figures);
    if (asked !== undefined) console.log(figures);
    // Were nothing of a kind compared, this would have shown nothing of it. One sequence alone is said again to look at it.
    const least = sequences > 1 ? 3 : 0;
    expect(Object.entries(figures).filter(([, count]) => count < least)).toEqual([]);
  },
  60_000 + 2000 * sequences,
);
