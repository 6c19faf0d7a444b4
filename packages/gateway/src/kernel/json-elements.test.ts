import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { type JsonElement, JsonElements } from "./json-elements.ts";

function read(pieces: Iterable<string>, max?: number): JsonElement[] {
  const elements = new JsonElements(["log", "entries"], max);
  const all: JsonElement[] = [];
  let held = 0;
  for (const piece of pieces) {
    all.push(...elements.take(piece));
    held = Math.max(held, elements.held);
  }
  // Of a name six times the longest of the path is held, and its quotes.
  expect(held).toBeLessThanOrEqual(Math.max(max ?? Infinity, 44));
  all.push(...elements.end());
  return all;
}

const element = (number: number, text: string): JsonElement => ({ number, text });
const trouble = (number: number, why: string, isElement = false): JsonElement => ({ number, isElement, why });
const NO_JSON = "the document is no JSON from here on";
const ENDS = "the text ends before the document does";

test("the elements of the array are told as they are written", () => {
  expect(read([' {"log" : {"entries":[ {"a": [1]} ,2,"]\\"",[[]],null ] } }\r\n'])).toEqual([
    element(1, '{"a": [1]}'),
    element(2, "2"),
    element(3, '"]\\""'),
    element(4, "[[]]"),
    element(5, "null"),
  ]);
  expect(read(['{"log":{"entries":[]}}'])).toEqual([]);
});

test.each([
  ["before", '{"log":{"entries":[1],"pages":[{"entries":[2]}],"version":"1.2"}}'],
  ["behind", '{"a":-1.5e3,"log":{"version":"1.2","pages":[{"entries":[2]}],"entries":[1]},"b":true}'],
  ["in a text", String.raw`{"log":{"a":"\"entries\":[2] \\","b":"}}","entries":[1]}}`],
  [
    "in another object",
    '{"x":{"log":{"entries":[2]}},"entries":[2],"log":{"log":{"entries":[2]},"entries":[1]}}',
  ],
  ["an escaped name", String.raw`{"log":{"\u0065ntr\u0069es":[1],"entries\u0000":[2]}}`],
  ["a name of another case", '{"Log":{"entries":[2]},"log":{"Entries":[2],"entries":[1]}}'],
  ["a long name", `{"log":{"${"entries".repeat(20)}":[2],"entries":[1]}}`],
])("other members may stand anywhere: %s", (_, text) => {
  expect(read([text])).toEqual([element(1, "1")]);
  expect(read(text)).toEqual([element(1, "1")]);
});

test.each<[string, string, JsonElement[]]>([
  [
    "a second array",
    '{"log":{"entries":[1],"entries":[2]}}',
    [element(1, "1"), trouble(1, 'the document has a second "entries", which is not read')],
  ],
  [
    "a second object",
    '{"log":{"entries":[1]},"log":{"entries":[2]}}',
    [element(1, "1"), trouble(1, 'the document has a second "log", which is not read')],
  ],
  [
    "a text for an object",
    '{"log":"{}","log":{"entries":[2]}}',
    [trouble(0, '"log" is no object'), trouble(0, 'the document has a second "log", which is not read')],
  ],
  ["an object for the array", '{"log":{"entries":{"a":1}}}', [trouble(0, '"entries" is no array')]],
  ["no array", '{"log":{}}', [trouble(0, 'the document has no "entries"')]],
  ["no object", '{"entries":[1]}', [trouble(0, 'the document has no "entries"')]],
  [
    "a second document",
    '{"log":{"entries":[1]}}\n{"log":{"entries":[2]}}',
    [element(1, "1"), trouble(1, "something stands behind the document, and is not read")],
  ],
])("told of: %s", (_, text, expected) => {
  expect(read([text])).toEqual(expected);
  expect(read(text)).toEqual(expected);
});

test.each([
  "[]",
  "x",
  '{"log":,}',
  "{log:1}",
  '{"log" 1}',
  '{"log":{"entries":[1]]}',
  '{"log":{"entries":[1 2]}}',
  '{"log":{"entries":[,1]}}',
  '{"log":{"entries":[1,]}}',
  '{"log":{"entries":[1}}',
  '{"log":{"a":1,}}',
  '{"\\x":1}',
])("what is no JSON is told once, and nothing behind it is read: %s", (text) => {
  expect(read([text, text]).filter((each) => "why" in each)).toEqual([
    { number: expect.any(Number), isElement: false, why: NO_JSON },
  ]);
});

test("of a document that is cut, what is whole counts", () => {
  const whole = String.raw`{"log":{"entries":[{"a":"\"}"},{"b":2}]}}`;
  const one = whole.indexOf(",") - 1;
  for (let end = 0; end < whole.length; end += 1) {
    const found = read([whole.slice(0, end)]);
    expect(found.at(-1)).toMatchObject({ why: expect.stringMatching(/^the text ends/) });
    expect(found.length).toBe(end <= one ? 1 : end <= whole.length - 4 ? 2 : 3);
  }
  expect(read([whole.slice(0, one)])).toEqual([trouble(1, "the text ends in it", true)]);
  expect(read([whole.slice(0, one + 1)])).toEqual([element(1, '{"a":"\\"}"}'), trouble(1, ENDS)]);
  expect(read([])).toEqual([trouble(0, ENDS)]);
});

test("an element longer than the bound is passed over without being held", () => {
  const long = `"${"x]".repeat(1000)}"`;
  const text = `{"log":{"p":${long},"entries":["${"a".repeat(98)}",${long},"${"a".repeat(99)}",{"a":1}]}}`;
  const expected = [
    element(1, `"${"a".repeat(98)}"`),
    trouble(2, "it is longer than 100 characters", true),
    trouble(3, "it is longer than 100 characters", true),
    element(4, '{"a":1}'),
  ];
  for (const pieces of [[text], text, text.match(/.{1,7}/g) ?? []])
    expect(read(pieces, 100)).toEqual(expected);
});

test("of a deep one and of a long one nothing is held", () => {
  const elements = new JsonElements(["log", "entries"], 1000);
  expect([...elements.take('{"log":{"pages":')]).toEqual([]);
  const deep = "[".repeat(10_000);
  for (let at = 0; at < 10; at += 1) expect([...elements.take(deep)]).toEqual([]);
  expect(elements.held).toBe(0);
  for (let at = 0; at < 10; at += 1) expect([...elements.take("]".repeat(10_000))]).toEqual([]);
  expect([...elements.take(',"entries":["')]).toEqual([]);
  for (let at = 0; at < 10; at += 1) expect([...elements.take("\\".repeat(10_000))]).toEqual([]);
  expect(elements.held).toBe(0);
  expect([...elements.take('",1]}}')]).toEqual([
    trouble(1, "it is longer than 1000 characters", true),
    element(2, "1"),
  ]);
  expect([...elements.end()]).toEqual([]);
});

test("however a document comes in pieces, its elements are those that a parser finds", () => {
  const text = fc.string({
    unit: fc.constantFrom("a", '"', "\\", "{", "]", "\n", "é", "\ud83d\ude00", "entries"),
  });
  const value = fc.oneof(
    text,
    fc.jsonValue(),
    fc.dictionary(fc.constantFrom("log", "entries", "a"), fc.oneof(text, fc.array(text))),
  );
  const documents = fc.record({
    before: value,
    log: fc.record({ pages: value, entries: fc.array(value), end: value }),
    behind: value,
  });
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(documents, fc.constantFrom(0, 2), sizes, (document, indent, lengths) => {
      const whole = JSON.stringify(document, null, indent);
      const pieces: string[] = [];
      for (let at = 0, count = 0; at < whole.length; count += 1) {
        const length = lengths[count % lengths.length] ?? 1;
        pieces.push(whole.slice(at, at + length));
        at += length;
      }
      const found = read(pieces);
      expect(found).toEqual(read([whole]));
      expect(found.map((each) => ("text" in each ? JSON.parse(each.text) : each))).toEqual(
        (JSON.parse(whole) as typeof document).log.entries,
      );
    }),
    { numRuns: 40 },
  );
});
