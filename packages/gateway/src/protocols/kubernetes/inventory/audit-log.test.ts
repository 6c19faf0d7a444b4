import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { kubernetesAudit } from "./audit-log.ts";
import { kubernetesSources } from "./sources.ts";

async function found(...texts: readonly string[]): Promise<Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield* texts;
  }
  for await (const each of kubernetesAudit.read(pieces())) all.push(each);
  return all;
}

const WATCH = "/api/v1/namespaces/shop/pods?watch=true";
const members = (more: object = {}): object => ({
  kind: "Event",
  apiVersion: "audit.k8s.io/v1",
  level: "Metadata",
  auditID: "7a3b",
  stage: "ResponseComplete",
  requestURI: WATCH,
  verb: "watch",
  user: { username: "alice" },
  responseStatus: { code: 200 },
  requestReceivedTimestamp: "2026-12-02T08:19:19.000000Z",
  ...more,
});
const line = (more: object = {}): string => `${JSON.stringify(members(more))}\n`;
const begun = (more: object = {}): string => line({ stage: "ResponseStarted", ...more });
const listOf = (...items: readonly object[]): string =>
  `${JSON.stringify({ kind: "EventList", apiVersion: "audit.k8s.io/v1", metadata: {}, items })}\n`;

const act = (more: object = {}): object => ({
  kind: "act",
  act: { act: `GET ${WATCH}`, by: "alice", at: Date.UTC(2026, 11, 2, 8, 19, 19), times: 1, ...more },
});
const failed = { kind: "failed" };
const unread = (why: string, number = 1): object => ({ kind: "unread", line: number, why });
const TWICE = "it can be read in two ways: a name stands twice in one object";
const NO_EVENT = "it is no event of an audit log";

test("it is a source of the protocol", () => {
  expect(kubernetesSources.map(({ format }) => format)).toEqual(["kubernetes-audit"]);
});

test("a request is told once, however many events it has", async () => {
  const received = line({ stage: "RequestReceived", responseStatus: undefined });
  expect(await found(received, begun(), line())).toEqual([act()]);
  expect(await found(received, line())).toEqual([act()]);
  expect(await found(received, begun())).toEqual([act()]);
  expect(await found(begun(), line({ stage: "Panic", responseStatus: undefined }))).toEqual([act()]);
  const refused = { responseStatus: { code: 403 } };
  expect(await found(received, begun(refused), line(refused))).toEqual([failed]);
  expect(await found(begun({ ...refused, user: {} }))).toEqual([failed]);
});

test.each<[string, readonly string[], readonly object[]]>([
  ["one at a time", [begun(), line(), begun(), line()], [act(), act()]],
  ["at the same time", [begun(), begun(), line(), line()], [act(), act()]],
  ["one more that is complete", [begun(), line(), line()], [act(), act()]],
  ["of a log that holds them twice", [line(), line()], [act(), act()]],
])("requests that are alike are all told: %s", async (_, lines, expected) => {
  expect(await found(...lines)).toEqual(expected);
});

const other = "/api/v1/namespaces/shop/secrets?watch=true";
test.each<[string, object, object]>([
  ["another path", { requestURI: other }, { act: `GET ${other}` }],
  ["another verb", { verb: "list", requestURI: "/api/v1/pods" }, { act: "GET /api/v1/pods" }],
  ["another user", { user: { username: "bob" } }, { by: "bob" }],
  ["somebody else", { impersonatedUser: { username: "bob" } }, { by: "bob" }],
  [
    "another time",
    { requestReceivedTimestamp: "2026-12-02T08:19:20Z" },
    { at: Date.UTC(2026, 11, 2, 8, 19, 20) },
  ],
])("an Audit-ID that a client gives twice hides no request: %s", async (_, more, expected) => {
  expect(await found(begun(), line(more))).toEqual([act(), act(expected)]);
});

test("a request that failed when it began hides none that was done, and one without Audit-ID hides none", async () => {
  expect(await found(begun({ responseStatus: { code: 500 } }), line())).toEqual([failed, act()]);
  expect(await found(begun({ auditID: "" }), line({ auditID: "" }))).toEqual([act(), act()]);
});

test("a list holds events, which need not say what they are", async () => {
  const bare = { kind: undefined, apiVersion: undefined };
  expect(await found(listOf(members({ ...bare, stage: "ResponseStarted" }), members(bare)))).toEqual([act()]);
  expect(await found(listOf())).toEqual([]);
  expect(await found("\n", listOf(members({ kind: "EventList" }), [], members()))).toEqual([
    unread(NO_EVENT, 2),
    unread(NO_EVENT, 2),
    act(),
  ]);
});

test("a list of ten thousand events is read", async () => {
  const items = Array.from({ length: 10_000 }, (_, at) => members({ auditID: `${at}` }));
  expect(await found(listOf(...items))).toEqual(items.map(() => act()));
});

test("an event of a list that can be read in two ways hides no other", async () => {
  const twice = listOf(members(), members({ requestObject: { a: 1, b: 1 } }), members()).replace(
    '"b":1',
    '"a":2',
  );
  expect(await found(twice)).toEqual([act(), unread(TWICE), act()]);
  const deep = listOf(members(), members({ requestObject: "deep" }), members()).replace(
    '"deep"',
    "[".repeat(300) + "]".repeat(300),
  );
  expect(await found(deep)).toEqual([act(), unread("it nests too deep"), act()]);
  const lists = listOf(members()).replace('"items"', '"items":[],"items"');
  expect(await found(lists)).toEqual([unread('the document has a second "items", which is not read')]);
});

test.each([
  ["no JSON", "no JSON\n", "it is not JSON"],
  ["a half of one", line().slice(0, 100), "it is not JSON"],
  ["two of them", `${line().trim()}${line()}`, "it is not JSON"],
  ["an array", `[${line().trim()}]\n`, "it is no JSON object"],
  ["an object", "{}\n", NO_EVENT],
  ["an event of the cluster", line({ apiVersion: "v1" }), NO_EVENT],
  ["a list of none", line({ kind: "EventList", items: {} }), "its list of events is none"],
  ["no verb", line({ verb: undefined }), "its verb is missing"],
  ["two verbs", line().replace('"verb"', '"verb":"get","verb"'), TWICE],
  ["two prototypes", line().replace('"verb"', '"__proto__":1,"__proto__":2,"verb"'), TWICE],
  ["two names in a name's escape", line().replace('"verb"', String.raw`"ver\u0062":"get","verb"`), TWICE],
  ["what nests deep", `${'{"a":['.repeat(50_000)}${"]}".repeat(50_000)}\n`, "it nests too deep"],
  ["brackets", "[".repeat(100_000), "it is not JSON"],
  ["a long line", line({ userAgent: "a".repeat(16_777_216) }), "the line is too long"],
])("%s is told as unread", async (_, text, why) => {
  expect(await found(line(), text)).toEqual([act(), unread(why, 2)]);
});

test.each([
  ["a mark of the order of bytes", `\uFEFF${line()}`],
  ["returns", line().replace("\n", "\r\n")],
  ["empty lines", `\n \n\r\n${line()}\n`],
  ["no end", line().trim()],
  [
    "a prototype's names",
    line({ responseStatus: { code: 200 } }).replace('"verb"', '"__proto__":{"verb":"get"},"verb"'),
  ],
  ["a huge number", line({ x: 1 }).replace('"x":1', '"x":1e999')],
  ["blanks", `${JSON.stringify(members()).replaceAll(/([:,{}])"/g, '$1 "')}\n`],
])("%s change nothing", async (_, text) => {
  expect(await found(text)).toEqual([act()]);
  expect(kubernetesAudit.recognizes(text)).toBe(true);
});

test("a number of no double leaves out what was written", async () => {
  const text = line({
    level: "Request",
    verb: "create",
    requestURI: "/api/v1/namespaces/shop/pods",
    requestObject: { x: 1 },
  });
  const post = "POST /api/v1/namespaces/shop/pods";
  expect(await found(text.replace('"x":1', '"x":1e999'))).toEqual([act({ act: post })]);
  expect(await found(text)).toEqual([act({ act: `${post}\ncontent-type: application/json\n\n{"x":1}` })]);
});

const long = line({ requestObject: { a: "a".repeat(70_000) } }).slice(0, 65_536);
test.each([
  ["an event", line(), true],
  ["a list", listOf(members()), true],
  ["what was only received", line({ stage: "RequestReceived" }), true],
  [
    "members in another order",
    `${JSON.stringify(Object.fromEntries(Object.entries(members()).toReversed()))}\n`,
    true,
  ],
  ["half a line before", `b":1}\n${line()}`, true],
  ["a long one", long, true],
  ["a long one behind half a line", `b":1}\n${long}`.slice(0, 65_536), true],
  ["another object first", `{"a":1}\n${line()}`, false],
  ["an event out of a list", line({ apiVersion: undefined }), true],
  ["an event of the cluster", line({ apiVersion: "v1" }), false],
  ["a policy", line({ kind: "Policy" }), false],
  [
    "a long object that tells of events later",
    `{"a":"${"a".repeat(2000)}",${long.slice(1)}`.slice(0, 65_536),
    false,
  ],
  ["twenty other lines", `${"x\n".repeat(20)}${line()}`, false],
  ["a text", `"kind":"Event","apiVersion":"audit.k8s.io/v1"`, false],
  ["nothing", "", false],
])("whether it is recognized: %s", (_, beginning, isOne) => {
  expect(kubernetesAudit.recognizes(beginning)).toBe(isOne);
});
