// tier: gate
import { createHash, hash } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { createFakeGate, type Entry, type FakeGate } from "../testing/fake-gate.ts";
import {
  dial,
  errorOf,
  frame,
  frames,
  int32,
  listenWire,
  makeCertificate,
  type Listening,
  type Message,
  type RawClient,
  type TestCertificate,
} from "../testing/wire.ts";
import { createJudging } from "./judging.ts";
import { scopeSchema } from "../scope.ts";
import { targetOf } from "../testing/target.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let gate: FakeGate;
let wire: Listening;
let client: RawClient;
/** Whether the gate denies, and what: every text that holds it. */
let denied: string | undefined;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  await postgres.run(
    "CREATE TABLE goods (id int PRIMARY KEY, name text); CREATE VIEW goods_view AS SELECT 1 AS id;" +
      "CREATE FUNCTION here() RETURNS int LANGUAGE sql RETURN 1",
  );
});

beforeEach(async () => {
  gate?.end("the test is over");
  wire?.close();
  const target = targetOf(postgres);
  denied = undefined;
  const check = (sql: string): string | undefined => {
    if (sql.endsWith("is not SQL")) return "not SQL";
    return denied !== undefined && sql.includes(denied) ? "not now" : undefined;
  };
  gate = createFakeGate({ target, check });
  wire = await listenWire(gate, certificate);
  client = await dial(wire.port);
  await client.logIn();
});

afterAll(async () => {
  wire.close();
  await postgres.stop();
  certificate.remove();
});

const types = (messages: readonly Message[]): string => messages.map(({ type }) => type).join("");
const rowsOf = (messages: readonly Message[]): string[] =>
  messages.filter(({ type }) => type === "D").map(({ body }) => body.toString("utf8", 6));
const intents = (): string[] =>
  gate.log
    .filter((entry): entry is Extract<Entry, { what: "intent" }> => entry.what === "intent")
    .map(({ sql }) => sql);
const outcomes = (): unknown[] =>
  gate.log
    .filter((entry): entry is Extract<Entry, { what: "outcome" }> => entry.what === "outcome")
    .map(({ outcome }) => outcome);

test("a COPY from the client is recorded with the digest of what was sent", async () => {
  client.send(frames.query("copy goods from stdin"));
  await client.until("G");
  const data = ["1\tsoap\n", "2\ttowel\n"];
  client.send(...data.map((line) => frame("d", Buffer.from(line))), frame("c"));
  expect(types(await client.until("Z"))).toBe("CZ");
  const sha256 = createHash("sha256").update(data.join("")).digest("hex");
  expect(outcomes()).toMatchObject([{ rows: 2, tag: "COPY 2", copied: { bytes: 15, sha256 } }]);
  client.send(frames.query("delete from goods"));
  await client.until("Z");
  expect(outcomes()[1]).toMatchObject({ copied: undefined });
});

test("what is sent behind a COPY from the client waits for its answer, whichever it is", async () => {
  const extended = (sql: string): Buffer[] => [
    frames.parse("", sql),
    frames.bind("", ""),
    frames.execute(""),
  ];
  client.send(
    ...extended("copy goods from stdin"),
    frames.sync,
    frame("d", Buffer.from("7\tpipelined\n")),
    frame("c"),
    frames.sync,
  );
  expect(types(await client.until("Z"))).toBe("12GCZ");
  client.send(...extended("copy goods_view from stdin"), frames.sync);
  const failed = await client.until("Z");
  expect(types(failed), errorOf(failed.find(({ type }) => type === "E")).message).toMatch(/^12G?EZ$/);
  client.send(frames.query("select name from goods where id = 7"));
  expect(rowsOf(await client.until("Z"))).toEqual(["pipelined"]);
});

test("cursors of SQL's are bounded as portals are", async () => {
  client.send(frames.query("begin"));
  await client.until("Z");
  const declare = async (round: number): Promise<Message | undefined> => {
    const text = Array.from({ length: 500 }, (_, n) => `declare c${round}_${n} cursor for select ${n}`);
    client.send(frames.query(text.join(";")));
    return (await client.until("Z")).find(({ type }) => type === "E");
  };
  for (let round = 0; round < 10; round += 1) expect(await declare(round)).toBeUndefined();
  expect(errorOf(await declare(10))).toMatchObject({ code: "54000" });
});

test("a cursor that takes a portal's name takes its meaning", async () => {
  client.send(
    frames.query("begin"),
    frames.parse("a", "select 'portal'"),
    frames.bind("p", "a"),
    frames.sync,
  );
  await client.until("Z");
  await client.until("Z");
  client.send(frames.query("close p; declare p cursor for select 'cursor' union all select 'more'"));
  await client.until("Z");
  client.send(frames.describe("P", "p"), frames.execute("p", 1), frames.execute("p"), frames.sync);
  const answers = await client.until("Z");
  expect(types(answers)).toBe("TDsDCZ");
  expect(rowsOf(answers)).toEqual(["cursor", "more"]);
  expect(intents().filter((sql) => sql === "select 'portal'")).toHaveLength(1);
  expect(intents().filter((sql) => sql.startsWith("close p; declare p"))).toHaveLength(3);
});

test("a cursor of SQL's that is closed, or whose transaction is over, is executed no more", async () => {
  const execute = async (): Promise<Message | undefined> => {
    client.send(frames.execute("c"), frames.sync);
    return (await client.until("Z")).find(({ type }) => type === "E");
  };
  for (const end of ["close c", "rollback", "commit"]) {
    client.send(frames.query("begin"), frames.query("declare c cursor for select 1"));
    await client.until("Z");
    await client.until("Z");
    client.send(frames.query(end));
    await client.until("Z");
    expect(errorOf(await execute())).toMatchObject({ code: "34000" });
    client.send(frames.query("rollback"));
    await client.until("Z");
  }
});

test("a cursor declared with values is executed with them, and only once it is known", async () => {
  client.send(
    frames.query("begin"),
    frames.parse("", "declare c cursor for select $1::text"),
    frames.bind("", "", ["bound"]),
    frames.execute(""),
    frames.execute("c"),
    frames.sync,
  );
  await client.until("Z");
  const answers = await client.until("Z");
  expect(rowsOf(answers)).toEqual(["bound"]);
  expect(gate.log.findLast(({ what }) => what === "intent")).toMatchObject({
    detail: { kind: "execute", parameters: ["bound"], statement: "c" },
  });
});

test.each([
  ["FETCH", [frames.query("fetch all from cur")]],
  ["MOVE", [frames.query("move all in cur")]],
  ["a name that is cased otherwise", [frames.query('fetch forward 1 from "cur"; select 1')]],
  ["FETCH by Execute", [frames.parse("", "fetch cur"), frames.bind("", ""), frames.execute(""), frames.sync]],
])("a portal that Bind made is run by no SQL: its record would not tell what ran (%s)", async (_, fetch) => {
  const write = [
    frames.parse("", "insert into goods values ($1, 'hidden') returning id"),
    frames.bind("cur", "", ["7"]),
  ];
  // Each answer is waited for; then all is sent at once, before it is known whether the server takes the portal.
  for (const pause of [true, false]) {
    client.send(frames.query("begin"));
    if (pause) await client.until("Z");
    client.send(...write, frames.sync);
    if (pause) await client.until("Z");
    client.send(...fetch);
    const answers: Message[] = [];
    for (let left = pause ? 1 : 3; left > 0; left -= 1) answers.push(...(await client.until("Z")));
    expect(errorOf(answers.find(({ type }) => type === "E"))).toMatchObject({
      code: "0A000",
      message: expect.stringContaining('portal "cur" was made by a Bind message') as string,
    });
    client.send(frames.query("rollback"), frames.query("select count(*) from goods where name = 'hidden'"));
    await client.until("Z");
    expect(rowsOf(await client.until("Z"))).toEqual(["0"]);
  }
  const isFetch = (entry: Entry): boolean =>
    entry.what === "intent" &&
    /fetch|move/.test(entry.sql) &&
    (entry.detail as { kind: string }).kind !== "parse";
  expect(gate.log.filter(isFetch)).toEqual([]);
});

test.each([
  ["FETCH of a portal", "fetch all from cur"],
  ["EXECUTE of another", "execute other"],
  ["PREPARE", "prepare other as select 'another'"],
  ["DEALLOCATE", "deallocate other"],
  ["DECLARE", "declare other cursor for select 'hidden'"],
  ["COPY from the client", "copy goods from stdin"],
  ["a time-out", "set statement_timeout = 0"],
])("SQL executes no statement of Parse's that does more than answer (%s)", async (_, what) => {
  const statements = [
    frames.parse("", "insert into goods values ($1, 'hidden') returning id"),
    frames.bind("cur", "", ["7"]),
    frames.parse("other", "select 'told'"),
    frames.parse("s", what),
  ];
  const executes = [
    [frames.query("select 1; execute s")],
    [frames.parse("", "execute s"), frames.bind("", ""), frames.execute(""), frames.sync],
  ];
  for (const execute of executes) {
    // At once, before it is known whether the server takes the statement.
    client.send(frames.query("begin"), ...statements, frames.sync, ...execute);
    const answers: Message[] = [];
    for (let left = 3; left > 0; left -= 1) answers.push(...(await client.until("Z")));
    expect(errorOf(answers.find(({ type }) => type === "E"))).toMatchObject({
      code: "0A000",
      message: expect.stringContaining('prepared statement "s" was made by a Parse message') as string,
    });
    client.send(frames.query("rollback"), frames.query("deallocate s"), frames.query("deallocate other"));
    for (let left = 3; left > 0; left -= 1) expect(await client.answers()).toBe("C Z");
  }
  const executed = gate.log.filter(
    (entry) => entry.what === "intent" && /execute s/.test(entry.sql) && entry.detail["kind"] !== "parse",
  );
  expect(executed).toEqual([]);
});

test("SQL executes a query that Parse made, and what PREPARE made", async () => {
  client.send(
    frames.parse("s", "select $1::text"),
    frames.sync,
    frames.query("prepare t as select 'prepared'; execute t; execute s ('parsed')"),
  );
  await client.until("Z");
  expect(rowsOf(await client.until("Z"))).toEqual(["prepared", "parsed"]);
  // What stands beside the PREPARE is not run again.
  client.send(frames.bind("", "t"), frames.execute(""), frames.sync);
  expect(rowsOf(await client.until("Z"))).toEqual(["prepared"]);
});

test("a cursor that DECLARE made is fetched by Query and by Execute", async () => {
  client.send(frames.query("begin"), frames.query("declare c cursor for values ('one'), ('two'), ('three')"));
  client.send(frames.query("fetch c"), frames.query("move c"));
  client.send(frames.parse("", "fetch c"), frames.bind("", ""), frames.execute(""), frames.sync);
  const answers: Message[] = [];
  for (let left = 5; left > 0; left -= 1) answers.push(...(await client.until("Z")));
  expect(rowsOf(answers)).toEqual(["one", "three"]);
});

test("a statement that PREPARE made does not prepare again when it runs", async () => {
  client.send(frames.query("prepare x as select 'old'; prepare s as select 's'"));
  await client.until("Z");
  client.send(
    frames.query("deallocate x"),
    frames.parse("x", "select 'new'"),
    frames.bind("", "s"),
    frames.execute(""),
    frames.sync,
  );
  await client.until("Z");
  await client.until("Z");
  client.send(frames.bind("", "x"), frames.execute(""), frames.sync);
  expect(rowsOf(await client.until("Z")).join()).toContain("new");
  expect(intents().at(-1)).toBe("select 'new'");
});

test("statements prepared by SQL are bounded as those of the protocol are", async () => {
  const prepare = async (round: number): Promise<Message | undefined> => {
    const text = Array.from({ length: 100 }, (_, n) => `prepare s${round}_${n} as select ${n}`).join(";");
    client.send(frames.query(text));
    return (await client.until("Z")).find(({ type }) => type === "E");
  };
  for (let round = 0; round < 50; round += 1) expect(await prepare(round)).toBeUndefined();
  await prepare(50);
  expect(errorOf(await prepare(51))).toMatchObject({ code: "54000" });
});

test("an error's discarding does not leave a message waiting for an answer that never comes", async () => {
  client.send(frames.bind("", "nowhere"), frames.flush);
  expect(errorOf((await client.until("E")).at(-1))).toMatchObject({ code: "26000" });
  client.send(
    frames.parse("", "copy goods from stdin"),
    frames.bind("", ""),
    frames.execute(""),
    frames.sync,
  );
  expect(types(await client.until("Z"))).toBe("Z");
  client.send(frames.bind("", "nowhere"), frames.flush);
  await client.until("E");
  client.send(
    frames.parse("", "prepare s as select 1"),
    frames.bind("", ""),
    frames.execute(""),
    frames.bind("", "s"),
    frames.sync,
  );
  expect(types(await client.until("Z"))).toBe("Z");
});

test("names that the server would cut are refused", async () => {
  client.send(frames.parse("n".repeat(64), "select 1"), frames.sync);
  expect(errorOf((await client.until("E")).at(-1))).toMatchObject({ severity: "FATAL", code: "42622" });
});

test("portals end with their transaction, also where the text goes on with another", async () => {
  client.send(frames.query("begin"), frames.parse("a", "select 1"), frames.bind("p", "a"), frames.sync);
  await client.until("Z");
  await client.until("Z");
  client.send(frames.query("commit; begin"));
  await client.until("Z");
  client.send(frames.execute("p"), frames.sync);
  expect(errorOf((await client.until("Z")).find(({ type }) => type === "E"))).toMatchObject({
    code: "34000",
  });
});

/** Denies acts by the gate's verdict, or because the log takes no record of them, and takes that back. */
const refusals = [
  ["were denied", (on: boolean) => void (denied = on ? "told" : undefined)],
  ["could not be recorded", (on: boolean) => void (gate.logFails = on)],
] as const;

test.each(refusals)(
  "a text and long values whose acts %s are told in full once they run",
  async (_, refuse) => {
    // A denial's record is cut where it is long, and of a flood it is left out: nothing may refer to it.
    const [sql, values] = ["select 'told', $1::text", ["v".repeat(9000)]];
    client.send(
      frames.query("begin"),
      frames.parse("a", sql),
      frames.bind("p", "a", values),
      frames.query("savepoint x"),
    );
    for (let each = 0; each < 2; each += 1) await client.until("Z");
    refuse(true);
    client.send(frames.execute("p"), frames.sync);
    expect(await client.answers()).toBe("E42501 Z");
    client.send(frames.query("select 'told'"));
    expect(await client.answers()).toBe("E42501 Z");
    refuse(false);
    client.send(frames.query("rollback to x"), frames.execute("p", 1), frames.execute("p"), frames.sync);
    expect(await client.answers()).toBe("C Z");
    expect(await client.answers()).toBe("D s C Z");
    client.send(frames.query("select 'told'"));
    await client.until("Z");
    const ran = gate.log
      .filter((entry): entry is Extract<Entry, { what: "intent" }> => entry.what === "intent")
      .slice(-3)
      .map(({ detail }) => detail);
    expect(ran[0]).toMatchObject({ kind: "execute", parameters: values });
    expect(ran[1]).toMatchObject({
      kind: "execute",
      parameters_sha256: hash("sha256", JSON.stringify(values), "hex"),
    });
    expect(ran[2]).toEqual({ kind: "query", sql: "select 'told'" });
  },
);

test("an act that the end of its grant cut is recorded with what had come of it", async () => {
  client.send(frames.query("copy (select repeat('x', 1000) from generate_series(1, 5000000)) to stdout"));
  for (let seen = 0; seen < 20; seen += 1) await client.next();
  gate.end("expired");
  await client.until("E");
  // The client is told at once; the outcome is recorded when the database has said that it is over.
  await expect.poll(() => outcomes()).toHaveLength(1);
  const [outcome] = outcomes() as { error: string; rows: number; bytes: number; more: object }[];
  expect(outcome).toMatchObject({ error: "57P01", more: { ended: { confirmed: true } } });
  expect(outcome?.rows).toBeGreaterThan(10);
  expect(outcome?.bytes).toBeGreaterThan(1000);
});

test("a parameter declared as a type that looks names up is refused, recorded, and the session goes on", async () => {
  const declared = (oid: number): Buffer => frame("P", "", "select $1", Buffer.from([0, 1]), int32(oid));
  client.send(declared(2205), frames.bind("", "", ["pg_authid"]), frames.execute(""), frames.sync);
  expect(errorOf((await client.until("Z")).find(({ type }) => type === "E"))).toMatchObject({
    code: "42501",
  });
  // What stands behind it is of no statement: nothing of it is an act.
  expect(outcomes()).toEqual([]);
  client.send(declared(25), frames.bind("", "", ["pg_authid"]), frames.execute(""), frames.sync);
  expect(rowsOf(await client.until("Z"))).toEqual(["pg_authid"]);
});

test.each([
  ["a statement", [frames.describe("S", "f")]],
  ["a portal", [frames.describe("P", "p")]],
  ["an EXECUTE of it", [frames.parse("x", "execute f"), frames.describe("S", "x")]],
])(
  "a FETCH whose cursor may be gone is not described, since the server would end: %s",
  async (_, describe) => {
    client.send(frames.query("begin; declare c cursor for values ('one'), ('two')"));
    client.send(frames.parse("f", "fetch c"), frames.describe("S", "f"), frames.flush);
    await client.until("Z");
    expect(types(await client.until("T"))).toBe("1tT");
    client.send(frames.bind("p", "f"), frames.describe("P", "p"), frames.flush);
    expect(types(await client.until("T"))).toBe("2T");
    client.send(frames.query("close c"));
    await client.until("Z");
    client.send(...describe, frames.sync);
    const answers = await client.until("Z");
    expect(errorOf(answers.find(({ type }) => type === "E"))).toMatchObject({ code: "0A000" });
    client.send(frames.query("rollback; select 'alive'"));
    expect(rowsOf(await client.until("Z"))).toEqual(["alive"]);
  },
);

test("an EXECUTE that another session's scope denied is not described either", async () => {
  const scopes = ["public.here", "public.there"].map((functions) => [
    { name: "shop/read", scope: scopeSchema.parse({ statements: ["select"], functions: [functions] }) },
  ]);
  let [given = []] = scopes;
  const shared = createFakeGate({
    target: targetOf(postgres),
    isGuarded: true,
    get scopes() {
      return given;
    },
  });
  const judging = createJudging();
  wire.close();
  wire = await listenWire(shared, certificate, { judging });
  client = await dial(wire.port);
  await client.logIn();
  const execute = frames.parse("x", "execute f (public.here())");
  client.send(frames.query("begin"), frames.parse("f", "select $1::int"), execute, frames.sync);
  expect([await client.answers(), await client.answers()]).toEqual(["C Z", "1 1 Z"]);
  [, given = []] = scopes;
  const other = await dial(wire.port);
  await other.logIn();
  other.send(execute, frames.sync);
  expect(await other.answers()).toBe("E42501 Z");
  client.send(frames.query("deallocate f"));
  expect(await client.answers()).toBe("C Z");
  client.send(frames.describe("S", "x"), frames.sync);
  expect(await client.answers()).toBe("E0A000 Z");
  client.send(frames.query("rollback; select 'alive'"));
  expect(rowsOf(await client.until("Z"))).toEqual(["alive"]);
  shared.end("the test is over");
  judging.stop();
});
