import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { harSource } from "./har.ts";

async function found(...texts: readonly string[]): Promise<Found[]> {
  const all: Found[] = [];
  async function* pieces(): AsyncGenerator<string> {
    yield* texts;
  }
  for await (const each of harSource.read(pieces())) all.push(each);
  return all;
}

const startedDateTime = "2026-12-02T08:19:19.123Z";
const at = Date.UTC(2026, 11, 2, 8, 19, 19, 123);
const entry = (path: string): object => ({
  startedDateTime,
  time: 12.5,
  request: { method: "GET", url: `https://api.shop.example${path}`, headers: [], bodySize: 0 },
  response: { status: 200, content: { size: 9, text: '{"entries":[{"request":{}}]}' } },
});
const creator = { name: "WebInspector", version: "537.36" };
const document = (entries: readonly unknown[]): object => ({
  log: { version: "1.2", creator, pages: [], entries },
});
const act = (path: string): object => ({
  kind: "act",
  act: { act: `GET ${path}\ncontent-length: 0`, by: "", within: "api.shop.example", at, times: 1 },
});
const unread = (line: number, why: string): object => ({ kind: "unread", line, why });

test.each([0, 2, 4, "\t"])("each entry is a request, with an indent of %j", async (indent) => {
  const text = JSON.stringify(document([entry("/a"), entry("/b?c=d")]), null, indent);
  expect(await found(text)).toEqual([act("/a"), act("/b?c=d")]);
  expect(await found(...text.split(""))).toEqual([act("/a"), act("/b?c=d")]);
});

test("what cannot be read is told by the entry's number", async () => {
  const text = JSON.stringify(
    document([entry("/a"), 7, { ...entry("/b"), startedDateTime: "" }, entry("/c")]),
  );
  const broken = text.replace("/c", String.raw`\x`);
  expect(await found(broken)).toEqual([
    act("/a"),
    unread(2, "entry 2: it is no JSON object"),
    unread(3, "entry 3: its time is none"),
    unread(4, "entry 4: it is not JSON"),
  ]);
});

test("an entry of more than 16 MiB is passed over", async () => {
  const long = JSON.stringify({ ...entry("/b"), text: "" }).replace(/""\}$/, '"');
  const [before = "", behind = ""] = JSON.stringify(document([entry("/a"), 0, entry("/c")])).split(",0,");
  const piece = `\\"{${"a".repeat(1021)}`.repeat(1024);
  expect(
    await found(`${before},${long}`, ...Array.from({ length: 17 }, () => piece), `"},${behind}`),
  ).toEqual([act("/a"), unread(2, "entry 2: it is longer than 16777216 characters"), act("/c")]);
});

test("of a file that is cut, what was whole counts", async () => {
  const text = JSON.stringify(document([entry("/a"), entry("/b")]));
  expect(await found(text.slice(0, -20))).toEqual([act("/a"), unread(2, "entry 2: the text ends in it")]);
  expect(await found(text.slice(0, -2))).toEqual([
    act("/a"),
    act("/b"),
    unread(2, "the text ends before the document does"),
  ]);
});

test("no other entries than those of the log are read", async () => {
  const log = { comment: '"entries":[{', pages: [{ entries: [entry("/no")] }], entries: [entry("/a")] };
  const text = JSON.stringify({ entries: [entry("/no")], log, more: { log } });
  expect(await found(text)).toEqual([act("/a")]);
  expect(await found(text.replace(/\}$/, `,"log":${JSON.stringify(log)}}`))).toEqual([
    act("/a"),
    unread(1, 'the document has a second "log", which is not read'),
  ]);
});

test.each([
  ["developer tools", JSON.stringify(document([entry("/a")]), null, 2)],
  ["in one line", JSON.stringify(document([]))],
  ["the entries first", JSON.stringify({ log: { entries: [entry("/a")], creator, version: "1.2" } })],
  ["a member of its own first", JSON.stringify({ log: { _meta: {}, creator, entries: [] } })],
  ["the browser first", ` \r\n${JSON.stringify({ log: { browser: {}, creator, entries: [] } })}`],
  ["cut", '{"log":{"version":"1.2","cre'],
])("recognized: %s", (_, text) => expect(harSource.recognizes(text)).toBe(true));

test.each([
  ["nothing", ""],
  ["another document", JSON.stringify({ openapi: "3.1.0", paths: {} })],
  ["a list", JSON.stringify([document([])])],
  ["a line of Docker's log", `${JSON.stringify({ log: "GET / HTTP/1.1\n", stream: "stdout" })}\n`],
  [
    "a line of it that holds one",
    `${JSON.stringify({ log: JSON.stringify(document([])), stream: "stdout" })}\n`,
  ],
  ["a line with an object", `${JSON.stringify({ log: { level: "info" }, message: "" })}\n`],
  ["a line that tells of one", `${JSON.stringify({ log: { version: "7", creator: '"creator":{' } })}\n`],
  ["an access log", '10.0.0.1 - - [02/Dec/2026:08:19:19 +0000] "GET / HTTP/1.1" 200 1\n'],
])("not recognized: %s", (_, text) => expect(harSource.recognizes(text)).toBe(false));

test("however a document is written and comes in pieces, its entries are the same", async () => {
  const text = fc.string({ unit: fc.constantFrom("a", '"', "\\", "}", "[", "\n", "é"), maxLength: 8 });
  const entries = fc.array(
    fc.oneof(
      fc.record({
        ...Object.fromEntries(Object.entries(entry("/a")).map(([name, is]) => [name, fc.constant(is)])),
        text,
      }),
      fc.constantFrom(entry("/b"), {}, null, { ...entry("/c"), response: { status: 404 } }),
      fc.jsonValue(),
    ),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(entries, text, fc.integer({ min: 1, max: 40 }), async (list, comment, length) => {
      const [flat = "", indented = ""] = [0, 2].map((indent) =>
        JSON.stringify({ comment, ...document(list) }, null, indent),
      );
      const expected = await found(flat);
      const counted = list.filter((each) => each !== null && typeof each === "object" && "request" in each);
      expect(expected).toHaveLength(list.length);
      expect(expected.filter(({ kind }) => kind !== "unread")).toHaveLength(counted.length);
      expect(await found(...(flat.match(new RegExp(`[^]{1,${length}}`, "g")) ?? []))).toEqual(expected);
      expect(await found(...(indented.match(new RegExp(`[^]{1,${length}}`, "g")) ?? []))).toEqual(expected);
    }),
    { numRuns: 15 },
  );
});
