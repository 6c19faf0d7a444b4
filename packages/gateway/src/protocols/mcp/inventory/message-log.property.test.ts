// tier: full
import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import type { Found } from "../../../gate/inventory/seen.ts";
import { mcpHar } from "./har-messages.ts";
import { mcpMessages } from "./message-log.ts";

async function foundIn(pieces: Iterable<string>, source = mcpMessages): Promise<readonly Found[]> {
  const all: Found[] = [];
  async function* each(): AsyncGenerator<string> {
    yield* pieces;
  }
  for await (const one of source.read(each())) all.push(one);
  return all;
}

function piecesOf(text: string, lengths: readonly number[]): readonly string[] {
  const pieces: string[] = [];
  for (let at = 0, count = 0; at < text.length; count += 1) {
    const length = lengths[count % lengths.length] ?? 1;
    pieces.push(text.slice(at, at + length));
    at += length;
  }
  return pieces;
}

const id = fc.constantFrom(0, 1, 2, "1", "a");
const params = fc.oneof(
  fc.constantFrom(undefined, {}, { name: "a", arguments: { b: '"}{\\' } }, { _meta: { a: 1 } }, [1]),
  fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue(), { maxKeys: 3 }),
);
const request = fc
  .record({ id, method: fc.constantFrom("tools/call", "tools/list", "initialize", "x/y"), params })
  .map((each) => JSON.stringify({ jsonrpc: "2.0", ...each }));
const notification = fc
  .constantFrom("notifications/initialized", "notifications/message", "notifications/other")
  .map((method) => JSON.stringify({ jsonrpc: "2.0", method }));
const answer = fc
  .record({
    id,
    with: fc.constantFrom({ result: {} }, { result: { isError: true } }, { error: { code: 1 } }),
  })
  .map((each) => JSON.stringify({ jsonrpc: "2.0", id: each.id, ...each.with }));
const message = fc.oneof({ weight: 3, arbitrary: request }, { weight: 2, arbitrary: answer }, notification);
const evil = fc.oneof(
  fc.string(),
  fc.constantFrom(
    '{"',
    "{",
    '{"jsonrpc"',
    "}",
    '"jsonrpc"',
    '{"method":"',
    "\\",
    "\ud800",
    "\uFEFF",
    "data: ",
  ),
);
const line = fc.oneof(
  { weight: 4, arbitrary: message },
  {
    weight: 1,
    arbitrary: message.map((each) => `2026-12-02T08:19:19Z [a] [info] Message from client: ${each} { b }`),
  },
  { weight: 1, arbitrary: message.map((each) => JSON.stringify({ ts: 1, dir: "in", msg: each })) },
  { weight: 1, arbitrary: message.map((each) => `{"ts":1,"raw":[${each}]}`) },
  { weight: 1, arbitrary: fc.array(message, { maxLength: 3 }).map((all) => `[${all.join()}]`) },
  { weight: 1, arbitrary: fc.tuple(message, fc.nat(60)).map(([each, length]) => each.slice(0, length)) },
  { weight: 1, arbitrary: fc.tuple(evil, message, evil).map((parts) => parts.join("")) },
  { weight: 1, arbitrary: evil },
);
const text = fc
  .array(line, { maxLength: 12 })
  .chain((lines) => fc.constantFrom("\n", "\r\n").map((end) => lines.join(end)));
const lengths = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 });

test("whatever a recording holds and however it comes in pieces, the same is found", async () => {
  await fc.assert(
    fc.asyncProperty(text, lengths, async (whole, each) => {
      expect(typeof mcpMessages.recognizes(whole)).toBe("boolean");
      const found = await foundIn([whole]);
      expect(await foundIn(piecesOf(whole, each))).toEqual(found);
    }),
    { numRuns: 500 },
  );
});

test("cut at each place, the same is found", async () => {
  const whole = [
    '{"jsonrpc":"2.0","id":1,"method":"a","params":{"b":"é\\"{"}}',
    '2026-12-02T08:19:19Z [STDIN] {"jsonrpc":"2.0","id":2,"method":"b"} { c }',
    '{"jsonrpc":"2.0","id":1,"error":{}}',
    '{"jsonrpc":"2.0","id":2,"result":{}}',
    '{"jsonrpc":"2.0","id":3,"me',
  ].join("\r\n");
  const found = await foundIn([whole]);
  expect(found.map(({ kind }) => kind)).toEqual(["act", "unread", "failed"]);
  for (let at = 0; at <= whole.length; at += 1)
    expect(await foundIn([whole.slice(0, at), whole.slice(at)])).toEqual(found);
});

/** How often a recording tells each method. */
const tally = (found: readonly Found[]): readonly string[] =>
  found.flatMap((each) => (each.kind === "act" ? [each.act.act] : [])).toSorted();

test("each request is told once, and one that is answered well, or not, is an act", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(request, answer), { maxLength: 25 }), async (lines) => {
      const found = await foundIn([lines.join("\n")]);
      const requests = lines.filter((each) => each.includes('"method"'));
      expect(found).toHaveLength(requests.length);
      const good = lines.filter((each) => !each.includes('"error"') && !each.includes('"isError"'));
      const all = await foundIn([good.join("\n")]);
      expect(tally(all)).toHaveLength(requests.length);
      // What fails takes acts away, and changes none.
      const left = [...tally(all)];
      for (const each of tally(found)) expect(left.splice(left.indexOf(each) >>> 0, 1)).toEqual([each]);
    }),
    { numRuns: 500 },
  );
});

test("a request that was answered with a result is an act, whatever other answers a client writes", async () => {
  const evilCall = '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"evil"}}';
  const others = fc.array(fc.oneof(request, answer), { maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(others, others, others, async (before, between, after) => {
      // What else is asked with the id is answered too, as servers do.
      const owed = (lines: readonly string[]): readonly string[] =>
        lines
          .filter((each) => each.includes('"method"') && each.includes('"id":1,'))
          .map(() => '{"jsonrpc":"2.0","id":1,"result":{}}');
      const lines = [
        ...before,
        ...owed(before),
        evilCall,
        ...between,
        '{"jsonrpc":"2.0","id":1,"result":{}}',
        ...owed(between),
        ...after,
        ...owed(after),
      ];
      expect(tally(await foundIn([lines.join("\n")]))).toContain(evilCall);
    }),
    { numRuns: 1000 },
  );
});

test("however a HAR comes in pieces, the same is found", async () => {
  const entry = fc
    .record({
      text: fc.oneof(message, evil),
      answer: fc.oneof(answer, evil),
      status: fc.constantFrom(200, 202, 400),
    })
    .map((each) => ({
      request: { method: "POST", postData: { text: each.text } },
      response: { status: each.status, content: { text: `data: ${each.answer}\n\n` } },
    }));
  await fc.assert(
    fc.asyncProperty(fc.array(entry, { maxLength: 5 }), lengths, async (entries, each) => {
      const whole = JSON.stringify({ log: { version: "1.2", entries } });
      expect(typeof mcpHar.recognizes(whole)).toBe("boolean");
      expect(await foundIn(piecesOf(whole, each), mcpHar)).toEqual(await foundIn([whole], mcpHar));
    }),
    { numRuns: 200 },
  );
});
