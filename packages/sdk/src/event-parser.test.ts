import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import { createEventParser, type ServerEvent } from "./event-parser.ts";

function parse(text: string, cuts: readonly number[] = []): ServerEvent[] {
  const parser = createEventParser();
  const bytes = new TextEncoder().encode(text);
  const events: ServerEvent[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length].toSorted((a, b) => a - b)) {
    events.push(...parser(bytes.subarray(from, cut)));
    from = cut;
  }
  return events;
}

const stream =
  'retry: 2000\n: mayfly\n\nid: 1\nevent: record\ndata: {"a":"ä€😀"}\n\r\n: still here\nid: 9\n\nid:2\r\nevent:record\r\ndata:one\r\ndata: two\r\n\r\ndata\n\ndata: x\rid: 3\r\rid: half';

const expected: ServerEvent[] = [
  { type: "record", data: '{"a":"ä€😀"}', id: "1" },
  { type: "", data: "", id: "9" },
  { type: "record", data: "one\ntwo", id: "2" },
  { type: "message", data: "" },
  { type: "message", data: "x", id: "3" },
];

describe("parsing server-sent events", () => {
  it("reads fields, comments and every end of a line", () => {
    expect(parse(stream)).toEqual(expected);
  });

  it("reads the same however the bytes are cut", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(new TextEncoder().encode(stream).length), { maxLength: 30 }), (cuts) => {
        expect(parse(stream, cuts)).toEqual(expected);
      }),
    );
  });

  it("takes anything without a crash, and no event without end", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        createEventParser()(bytes);
      }),
    );
    const parser = createEventParser();
    const line = new TextEncoder().encode(`data: ${"x".repeat(100_000)}\n`);
    expect(() => {
      for (let i = 0; i < 20; i++) parser(line);
    }).toThrow(RangeError);
    expect(() => {
      for (let i = 0; i < 20; i++) createEventParser()(new Uint8Array(2_000_000).fill(120));
    }).toThrow(RangeError);
  });
});
