import { expect, it } from "vitest";
import type { AuditReader } from "../index/port.ts";
import { oneLog } from "./one-log.ts";
import { answered, BYTES, DIGEST, type Given, LOGS, logsOf, recordOf, tampered } from "./testing/logs-of.ts";

it.each<[string, Given]>([
  ["the own log's is altered and a file has it", { own: tampered, onDisk: { "b+1+K": async () => BYTES } }],
  [
    "one sibling's is altered and the next has it",
    { onDisk: { "b+1+K": tampered, "c+1+K": async () => BYTES } },
  ],
  [
    "a sibling's is altered and a far one has it",
    { onDisk: { "b+1+K": tampered }, answers: { "c+1+K": BYTES.toString("base64") } },
  ],
])("finds a payload where %s", async (_name, given) => {
  expect(await logsOf(given).payload(DIGEST)).toEqual(BYTES);
});

it("says that a payload was altered where no log has it whole", async () => {
  const given = {
    onDisk: { "b+1+K": tampered },
    answers: { "c+1+K": Buffer.from("else").toString("base64") },
  };
  await expect(logsOf(given).payload(DIGEST)).rejects.toMatchObject({ code: "payload_tampered" });
  expect(await logsOf({}).payload(DIGEST)).toBeUndefined();
});

it("says what is lacking of a log that does not answer only where it is", async () => {
  const answers = { "b+1+K": answered };
  const opened = recordOf(3, "session.opened");
  const index = { indexed: { records: [opened], acts: [] }, closed: 41 };
  const whole = await logsOf({ answers, ...index }).search({ limit: 10 });
  expect(whole.records.map(({ log, seq }) => `${log} ${seq}`)).toEqual(["a 9", "a 8", "c 3"]);
  expect(whole.partial).toEqual([]);
  const without = { answers, indexed: { records: [opened], acts: [5] } };
  const { records, partial } = await logsOf(without).search({ limit: 10 });
  expect(partial).toMatchObject([{ log: "c", lacks: "bodies" }]);
  expect(records.find(({ seq }) => seq === 5)).toMatchObject({ log: "c", detail: { body_at: "c" } });
  const byWords = await logsOf(without).search({ limit: 10, text: "x" });
  expect(byWords.partial).toMatchObject([{ log: "c", lacks: "acts" }]);
  expect(byWords.records.some(({ seq }) => seq === 5)).toBe(false);
});

const others = { "b+1+K": answered };
const cAnswers = (more: object) => ({ answers: { ...others, "c+1+K": { ...answered, ...more } } });

// The index has records up to number 41.
it.each<[string, Given, readonly string[]]>([
  ["the own index has not caught up", { ...cAnswers({}), isBehind: true }, ["a newest"]],
  ["another gateway's has not", cAnswers({ isBehind: true }), ["c newest"]],
  ["a gateway is gone that did not say that it closed its log", { answers: others }, ["c newest"]],
  ["one is gone that opened its log again since", { answers: others, closed: 30 }, ["c newest"]],
  [
    "one is gone that has said since that it has more",
    { answers: others, closed: 41, all: async () => LOGS.map((log) => ({ ...log, records: 43 })) },
    ["c newest"],
  ],
  [
    "its files here have no more, and its gateway has said that it has",
    {
      answers: others,
      written: { "c+1+K": 42 },
      all: async () => LOGS.map((log) => ({ ...log, records: 43 })),
    },
    ["c newest"],
  ],
  ["another gateway's does not say", cAnswers({ isBehind: undefined }), ["c newest"]],
  ["its files here have one more", { answers: others, written: { "c+1+K": 43 } }, ["c newest"]],
  ["its files here have no more", { answers: others, written: { "c+1+K": 42 } }, []],
  ["one is gone that closed its log", { answers: others, closed: 41 }, []],
  ["all have answered", cAnswers({}), []],
])("says whether the newest records may be missing: %s", async (_name, given, lacking) => {
  const { partial } = await logsOf(given).search({ limit: 10 });
  expect(partial.map(({ log, lacks }) => `${log} ${lacks}`)).toEqual(lacking);
});

it("says of one log that its index has not caught up", async () => {
  const search = async () => ({ records: [], isBehind: true });
  const reader = { search, verifierKey: "a+1+K" } as unknown as AuditReader;
  expect((await oneLog(reader).search({ limit: 1 })).partial).toMatchObject([{ log: "a", lacks: "newest" }]);
});

it.each<[string, unknown]>([
  ["null", null],
  ["no word for being behind", { ...answered, isBehind: "no" }],
  ["words", "all is well"],
  ["records without a time", { records: [{ seq: 1, type: "act.intent", detail: {} }], hasMore: false }],
  ["records out of order", { records: [recordOf(1), recordOf(2)], hasMore: false }],
  ["a record twice", { records: [recordOf(2), recordOf(2)], hasMore: false }],
  ["no word whether there is more", { records: [recordOf(2)] }],
  ["more, and nothing of it", { records: [], hasMore: true }],
  [
    "more records than were asked for",
    { records: Array.from({ length: 11 }, (_, at) => recordOf(40 - at)), hasMore: true },
  ],
])("takes %s from another gateway for no answer", async (_name, answer) => {
  const indexed = { records: [recordOf(3, "session.opened")], acts: [5] };
  const given = { answers: { "b+1+K": answered, "c+1+K": answer }, indexed };
  const { records, partial } = await logsOf(given).search({ limit: 10 });
  expect(partial).toMatchObject([{ log: "c", lacks: "bodies" }]);
  expect(records.filter(({ log }) => log === "c").map(({ seq }) => seq)).toEqual([5, 3]);
});

it("takes records that are not below the place that was asked for no answer", async () => {
  const given = { answers: { "b+1+K": answered, "c+1+K": { records: [recordOf(9)], hasMore: true } } };
  const { records, next } = await logsOf(given).search({ limit: 10, before: "3.7" });
  expect([records, next]).toEqual([[], undefined]);
  const below = { answers: { "c+1+K": { records: [recordOf(6)], hasMore: false } } };
  expect((await logsOf(below).search({ limit: 10, before: "3.7" })).records).toHaveLength(1);
});

it("blames no gateway that it has not asked", async () => {
  const indexed = { records: [], acts: [5] };
  const { partial } = await logsOf({ unasked: ["b+1+K"], indexed }).search({ limit: 10 });
  expect(partial.map(({ log, reason }) => `${log}: ${reason}`)).toEqual([
    expect.stringContaining("b: its gateway was not asked"),
    expect.stringContaining("c: its gateway does not answer"),
  ]);
});

it("tells callers nothing of what went wrong inside, and the operator all", async () => {
  const broken = new Error("ENOENT: /var/lib/mayfly/audit");
  const problems: unknown[] = [];
  const given = {
    answers: { "b+1+K": answered },
    broken,
    onProblem: (error: unknown) => problems.push(error),
  };
  const { partial } = await logsOf(given).search({ limit: 10 });
  expect(partial).toEqual([
    { log: "c", lacks: "acts", reason: "its gateway does not answer, and it could not be read here" },
  ]);
  expect(problems).toEqual([broken]);
});

it("has events go on now in the logs that a search did not ask", async () => {
  expect((await logsOf({}).search({ limit: 10, log: "a" })).after).toBe("1.10,2.42,3.42");
});

it("names the log in its cursors where the store knows no other yet", async () => {
  const found = await logsOf({ all: async () => LOGS.slice(0, 1) }).search({ limit: 2 });
  expect(found).toMatchObject({ next: "1.8", after: "1.10" });
  expect(found.records.every(({ log }) => log === undefined)).toBe(true);
});

it("refuses a log that there is none of", async () => {
  await expect(logsOf({}).search({ limit: 1, log: "d" })).rejects.toMatchObject({ status: 404 });
});

it("refuses a place in several logs where there is one", async () => {
  const reader = { search: async () => ({ records: [] }), verifierKey: "a+1+K" } as unknown as AuditReader;
  const asked = oneLog(reader).search({ limit: 1, before: "1.4,2.7" });
  await expect(asked).rejects.toMatchObject({ code: "invalid_input", status: 400 });
});
