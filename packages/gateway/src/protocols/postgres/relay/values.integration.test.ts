// tier: full
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { startPostgres, type EmbeddedPostgres } from "@mayfly/testing/postgres.ts";
import { scopeSchema } from "../scope.ts";
import { createFakeGate, type FakeGate } from "../testing/fake-gate.ts";
import { targetOf } from "../testing/target.ts";
import {
  dial,
  errorOf,
  frames,
  listenWire,
  makeCertificate,
  type Listening,
  type RawClient,
  type TestCertificate,
} from "../testing/wire.ts";
import { createJudging, type Judging } from "./judging.ts";

let postgres: EmbeddedPostgres;
let certificate: TestCertificate;
let judging: Judging;
let gate: FakeGate;
let wire: Listening;
let client: RawClient;

beforeAll(async () => {
  certificate = await makeCertificate();
  postgres = await startPostgres();
  judging = createJudging();
  await postgres.run("CREATE TABLE goods (id int, name text); INSERT INTO goods VALUES (1, 'soap')");
});

beforeEach(async () => {
  gate?.end("the test is over");
  wire?.close();
  const scope = scopeSchema.parse({
    statements: ["select", "update"],
    tables: { "public.goods": "all" },
    catalog: true,
  });
  gate = createFakeGate({ target: targetOf(postgres), isGuarded: true, scopes: [{ name: "shop/x", scope }] });
  wire = await listenWire(gate, certificate, { judging });
  client = await dial(wire.port);
  await client.logIn();
});

afterAll(async () => {
  wire.close();
  judging.stop();
  await postgres.stop();
  certificate.remove();
});

const search = "select id from goods where name like $1";
const long = "a".repeat(1000);
const bind = (value: string): Buffer[] => [frames.bind("", "s", [value]), frames.execute(""), frames.sync];
const answer = async (sql: string): Promise<string> => {
  client.send(frames.query(sql));
  return client.answers();
};
const ran = (): number =>
  gate.log.filter((entry) => entry.what === "intent" && entry.detail["kind"] !== "parse").length;

test("a value that nothing could end is refused where it is passed, and the session goes on", async () => {
  client.send(frames.parse("s", search), frames.sync);
  expect(await client.answers()).toBe("1 Z");
  client.send(...bind(long));
  const answers = await client.until("Z");
  expect(errorOf(answers.find(({ type }) => type === "E"))).toMatchObject({
    code: "54000",
    message: expect.stringMatching(/^the value of \$1 has 1000 characters, and nothing could end/u) as string,
  });
  expect(ran()).toBe(0);
  client.send(...bind("so%"));
  expect(await client.answers()).toBe("2 D C Z");
});

test.each([
  ["xml", 142, 100_000, "a"],
  ["tsquery", 3615, 10_000, "a"],
  ["jsonpath", 4072, 10_000, "$.a"],
])(
  "a value of a type that is read slowly is bounded without a word of it in the text: %s",
  async (_, oid, most, short) => {
    client.send(frames.parse("s", "select $1 is null", [oid]), frames.sync);
    await client.until("Z");
    client.send(...bind("a".repeat(most + 1)));
    expect(await client.answers()).toBe("E54000 Z");
    expect(ran()).toBe(0);
    client.send(...bind(short));
    expect(await client.answers()).toBe("2 D C Z");
  },
);

test.each([
  [
    "a path that compares two",
    "select id from goods where to_jsonb(name) @? $1",
    "$ ? (@.a[*] == @.b[*])",
    '$ ? (@ == "soap")',
  ],
  ["a short text of a long number", search, "%1e131071", "%1e13"],
  [
    "members that are many",
    "select id from goods where array(select id from goods limit 10000) && $1",
    `{${"1,".repeat(200_000)}1}`,
    "{1,2}",
  ],
])("what is passed is counted by what it comes to: %s", async (_, sql, denied, permitted) => {
  client.send(frames.parse("s", sql), frames.sync);
  expect(await client.answers()).toBe("1 Z");
  client.send(...bind(denied));
  expect(await client.answers()).toBe("E54000 Z");
  expect(ran()).toBe(0);
  client.send(...bind(permitted));
  expect(await client.answers()).toMatch(/^2 (?:D )?C Z$/u);
});

test("a value that is only written is as long as its writer likes", async () => {
  client.send(frames.parse("s", "update goods set name = $1 where id = 2 and name like 'x%'"), frames.sync);
  await client.until("Z");
  client.send(...bind("b".repeat(100_000)));
  expect(await client.answers()).toBe("2 C Z");
});

test.each([
  ["a call", "repeat('a', 100000)"],
  ["a long text", `'${long}'`],
  ["what a cast makes", "repeat('a', 100000)::text"],
])("EXECUTE passes no more either: %s", async (_, value) => {
  expect(await answer(`prepare s as ${search}`)).toBe("C Z");
  const before = ran();
  expect(await answer(`execute s (${value})`)).toBe("E54000 Z");
  expect(await answer(`explain analyze execute s (${value})`)).toBe("E54000 Z");
  expect(await answer(`prepare t as ${search}; execute t (${value})`)).toBe("E54000 Z");
  client.send(frames.parse("p", search), frames.sync);
  await client.until("Z");
  expect(await answer(`execute p (${value})`)).toBe("E54000 Z");
  client.send(...bind(long));
  expect(await client.answers()).toBe("E54000 Z");
  expect(ran()).toBe(before);
  expect(await answer("execute s ('so%')")).toBe("T D C Z");
});
