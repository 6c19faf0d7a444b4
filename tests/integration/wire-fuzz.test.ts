// tier: gate
import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  dialTls,
  errorOf,
  frame,
  frames,
  type RawClient,
} from "../../packages/gateway/src/protocols/postgres/testing/wire.ts";
import { joinRecord, type StoredRecord } from "@mayfly/audit-verifier";
import { getAccess, type Access } from "@mayfly/testing/api.ts";
import { OWN_QUERY_MARK } from "../../packages/gateway/src/protocols/postgres/wire/messages.ts";
import { startWorld, type World } from "@mayfly/testing/world.ts";

// Random pipelines against a live gateway, compared with what the server's own log says it did: each statement that
// ran has an intent before it, in the same order, and each act that the audit log calls done was done.

const sessions = Number(process.env["MAYFLY_FUZZ_SESSIONS"] ?? 6);
const seed = Number(process.env["MAYFLY_FUZZ_SEED"] ?? 20_261_124);
const pipelines = 40;
/** So many sessions must run all their pipelines: only those are compared in full. A COPY cuts most sessions short. */
const MIN_WHOLE = 3;
/** The test opens more sessions until it has these, up to so many. */
const MAX_SESSIONS = 100;
const refusedText = "/* refused by Mayfly */ !";

let world: World;
let access: Access;
let databaseLog = "";

beforeAll(async () => {
  world = await startWorld({
    store: "sqlite",
    configure: (text) =>
      text.replace(
        "statements: [select, copy_to]\n        tables: {",
        "statements: [select, copy_to, copy_from]\n        tables: { public.basket: all, public.shown: all,",
      ),
    database: {
      settings: {
        log_line_prefix: "%p %u %a|",
        log_statement: "all",
        log_min_duration_statement: "0",
      },
      log: (text) => (databaseLog += text),
    },
  });
  await world.postgres.run(
    "create table basket (id int, note text); create view shown as select * from basket; grant select, insert on basket, shown to mayfly",
    "shop",
  );
  access = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);
});
afterAll(() => world.stop());

/** A stream of numbers below 1 from a seed (mulberry32). */
function randomFrom(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Choices {
  readonly pick: <Thing>(things: readonly Thing[]) => Thing;
  readonly chance: (share: number) => boolean;
  readonly below: (most: number) => number;
}

function choicesOf(random: () => number): Choices {
  const below = (most: number): number => Math.floor(random() * most);
  return {
    pick: (things) => things[below(things.length)] as (typeof things)[number],
    chance: (share) => random() < share,
    below,
  };
}

const long = "n".repeat(63);
const statementNames = ["", "s", "t", long];
const portalNames = ["", "p", "q", long];
const sqlNames = ["s", "t", "p", "q", `${long}cut`];

let serial = 0;

function textOf({ pick, chance, below }: Choices): string {
  serial += 1;
  const read = `select ${serial} as it`;
  const name = pick(sqlNames);
  const text = pick([
    read,
    read,
    `${read} from orders limit 3`,
    `select 1 / ${below(2)} as maybe, ${serial}`,
    "begin",
    "commit",
    "rollback",
    "savepoint x",
    "rollback to x",
    `prepare ${name} as ${read}`,
    `deallocate ${name}`,
    `execute ${name}`,
    "deallocate all",
    `declare ${name} cursor for ${read}`,
    `declare ${name} cursor with hold for ${read}`,
    `fetch ${name}`,
    `close ${name}`,
    `delete from orders where id = ${serial}`,
    `select * from payroll /* ${serial} */`,
    "discard all",
    "set application_name to 'fuzz'",
    "copy basket from stdin",
    "copy shown from stdin",
    "copy (select 1, 2) to stdout",
    "",
    `select syntax error ${serial}`,
  ]);
  return chance(0.15) ? `${text}; ${textOf({ pick, chance, below })}` : text;
}

function messageOf(choices: Choices): Buffer {
  const { pick, below } = choices;
  const make = pick<() => Buffer>([
    () => frames.query(textOf(choices)),
    () => frames.parse(pick(statementNames), textOf(choices)),
    () => frames.parse(pick(statementNames), textOf(choices)),
    () => frames.bind(pick(portalNames), pick([...statementNames, "p"])),
    () => frames.bind(pick(portalNames), pick(statementNames)),
    () => frames.execute(pick(portalNames), below(3)),
    () => frames.execute(pick(portalNames)),
    () => frames.describe(pick(["S", "P"]), pick(statementNames)),
    () => frames.close(pick(["S", "P"]), pick([...statementNames, ...portalNames])),
    () => frames.sync,
    () => frames.sync,
    () => frames.flush,
    () => {
      const [name, text] = [pick(statementNames), textOf(choices)];
      const portal = pick(portalNames);
      return Buffer.concat([frames.parse(name, text), frames.bind(portal, name), frames.execute(portal)]);
    },
    () => frame("d", Buffer.from("1\tone\n")),
    () => frame("c"),
  ]);
  return make();
}

/** A COPY that is never told its data waits, here as on the server itself: such a session is left. */
async function quiet(): Promise<"quiet"> {
  await new Promise((resolve) => setTimeout(resolve, 5000));
  return "quiet";
}

/** Sends a pipeline cut at random places, and reads until everything was answered. @returns what the session ended with, or nothing */
async function exchange(client: RawClient, choices: Choices): Promise<string> {
  const count = 1 + choices.below(9);
  const bytes = Buffer.concat(Array.from({ length: count }, () => messageOf(choices)));
  for (let at = 0; at < bytes.length;) {
    const next = choices.chance(0.6) ? bytes.length : at + 1 + choices.below(bytes.length - at);
    client.send(bytes.subarray(at, next));
    at = next;
    if (choices.chance(0.5)) await new Promise(setImmediate);
  }
  serial += 1;
  const marker = `marker ${serial}`;
  client.send(frames.sync, frames.query(`select '${marker}'`));
  let last = "";
  for (;;) {
    const message = await Promise.race([client.next(), quiet()]);
    if (message === "quiet") return "waits";
    if (message === undefined) return last;
    if (message.type === "E") last = errorOf(message).message;
    if (message.type === "G") {
      // What was sent behind is lost: the marker is sent again.
      client.send(
        choices.pick([frame("c"), frame("f", "no more"), frame("d", Buffer.from("not a row\n"))]),
        choices.chance(0.5) ? frame("d", Buffer.from("2\ttwo\n")) : Buffer.alloc(0),
        frame("c"),
        frames.sync,
        frames.query(`select '${marker}'`),
      );
    }
    if (message.type === "D" && message.body.includes(marker)) {
      await client.until("Z");
      return "";
    }
  }
}

/** How the server's log shows that the gateway shortens a time-out. */
const OWN_LIMIT = /^execute mayfly [0-9a-f]+(?:\/mayfly [0-9a-f]+)?: set [a-z_]+ = \d+$/u;

type Ran = `${"query" | "execute"} ${string}`;

/** What the server's log says a session did, by the session's application_name: begun, and done. */
function serverLog(): ReadonlyMap<string, { begun: Ran[]; done: Ran[] }> {
  const all = new Map<string, { begun: Ran[]; done: Ran[] }>();
  const names = new Map<string, string>();
  /** What each process runs now; undefined for the gateway's own. */
  const running = new Map<string, Ran | undefined>();
  for (const line of databaseLog.split("\n")) {
    const [, pid = "", software = "", message = ""] = /^(\d+) mayfly ([^|]*)\|LOG: {2}(.*)$/.exec(line) ?? [];
    if (pid === "") continue;
    const name = names.get(pid) ?? software.split(" ").at(-1) ?? "";
    names.set(pid, name);
    const session = all.get(name) ?? { begun: [], done: [] };
    all.set(name, session);
    // A text is logged before it runs; the duration, without the text, once it is done.
    const now = running.get(pid);
    if (/^duration: \S+ ms$/.test(message) && now !== undefined) session.done.push(now);
    const [, how, text = ""] = /^(statement|execute)(?: (?:fetch from )?[^ ]*)?: (.*)$/.exec(message) ?? [];
    if (OWN_LIMIT.test(message)) running.set(pid, undefined);
    if (how === undefined) continue;
    const isOwn = text === refusedText || text.startsWith(OWN_QUERY_MARK);
    const ran: Ran = `${how === "statement" ? "query" : "execute"} ${text}`;
    running.set(pid, isOwn ? undefined : ran);
    if (!isOwn) session.begun.push(ran);
  }
  return all;
}

interface AuditRecord {
  readonly type: string;
  readonly session?: string;
  readonly seq: number;
  readonly detail: {
    readonly act?: { kind: string; sql?: string; sha256?: string };
    readonly intent?: number;
    readonly error?: string;
    readonly tag?: string;
    readonly software?: string;
  };
}

async function auditRecords(): Promise<readonly AuditRecord[]> {
  const folder = path.join(world.folder, "data/audit/records");
  const files = (await readdir(folder)).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), "utf8")));
  const stored = texts.flatMap((text) =>
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as StoredRecord),
  );
  return stored.map((record) => joinRecord(record, (seq) => stored[seq]) as unknown as AuditRecord);
}

/** What the audit log says a session did. */
function auditedOf(records: readonly AuditRecord[], software: string): { intents: Ran[]; done: Ran[] } {
  const opened = records.find(
    ({ type, detail }) => type === "session.opened" && detail.software === software,
  );
  const texts = new Map<string, string>();
  const intents = new Map<number, Ran>();
  const done: Ran[] = [];
  for (const { type, session, seq, detail } of records) {
    if (session !== opened?.session) continue;
    if (detail.act !== undefined) {
      const { kind, sql = texts.get(detail.act.sha256 ?? ""), sha256 } = detail.act;
      if (sql === undefined) throw new Error(`no record holds the text of ${sha256}`);
      texts.set(hash("sha256", sql, "hex"), sql);
      if (type === "act.intent" && kind !== "parse") intents.set(seq, `${kind as "query"} ${sql}`);
    }
    const intent = intents.get(detail.intent ?? -1);
    if (type === "act.outcome" && intent !== undefined && detail.error === undefined) done.push(intent);
  }
  return { intents: [...intents.values()], done };
}

/** What is first in `part` and does not follow in `whole`, in order. */
function missing(part: readonly Ran[], whole: readonly Ran[]): Ran | undefined {
  let at = 0;
  return part.find((each) => {
    at = whole.indexOf(each, at) + 1;
    return at === 0;
  });
}

test("what the database ran is what was permitted and recorded, in random pipelines", async () => {
  const ca = readFileSync(world.gateway.caFile, "utf8");
  const names: string[] = [];
  const said = new Map<string, string>();
  const ended = (): number => [...said.values()].filter((last) => last === "").length;
  for (let session = 0; session < sessions || (ended() < MIN_WHOLE && session < MAX_SESSIONS); session += 1) {
    const choices = choicesOf(randomFrom(seed + session));
    const name = `fuzz-${session}`;
    names.push(name);
    const client = await dialTls(world.gateway.postgresPort, ca, ["postgresql"]);
    await client.logIn({
      user: access.grant,
      database: "orders-db",
      secret: access.secret,
      parameters: { application_name: name },
    });
    let last: string | undefined = "";
    for (let round = 0; round < pipelines && last === ""; round += 1) last = await exchange(client, choices);
    said.set(name, last);
    client.close();
  }
  await world.gateway.stop();
  const records = await auditRecords();
  const server = serverLog();
  const audited = names.map((name) => ({
    name,
    ...auditedOf(records, name),
    ran: server.get(name) ?? { begun: [], done: [] },
  }));
  for (const { name, intents, ran } of audited)
    expect(missing(ran.begun, intents), `seed ${seed}, ${name}: ran without an intent`).toBeUndefined();
  const whole = audited.filter(({ name }) => said.get(name) === "");
  expect(whole.length).toBeGreaterThanOrEqual(MIN_WHOLE);
  // The server logs no Execute of a text that holds no statement.
  const logged = (done: readonly Ran[]): readonly Ran[] => done.filter((each) => each !== "execute ");
  for (const { name, done, ran } of whole) expect(logged(done), `seed ${seed}, ${name}`).toEqual(ran.done);
  expect(audited.reduce((sum, { ran }) => sum + ran.begun.length, 0)).toBeGreaterThan(100);
});
