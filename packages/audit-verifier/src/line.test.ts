import { expect, test } from "vitest";
import { MAX_LINE_BYTES, parseRecordLine } from "./line.ts";

const good = `{"detail":{"a":1},"seq":3,"time":"2026-01-01T12:00:00.000Z","type":"act.intent"}`;

test("a canonical line is read", () => {
  expect(parseRecordLine(Buffer.from(good))).toMatchObject({ seq: 3, type: "act.intent", detail: { a: 1 } });
});

test.each([
  ["spaces", good.replace(":3,", ": 3,"), "canonical"],
  ["another order", `{"seq":3,"detail":{},"time":"2026-01-01T12:00:00.000Z","type":"x"}`, "canonical"],
  ["a member twice", good.replace(`"seq":3`, `"seq":2,"seq":3`), "canonical"],
  ["another number form", good.replace(`:1}`, `:1.0}`), "canonical"],
  ["a lone surrogate", good.replace(`:1}`, `:"\\ud800"}`), "canonical"],
  ["members in the order of numbers", good.replace(`{"a":1}`, `{"9":1,"10":2}`), "canonical"],
  ["no number", good.replace(`"seq":3,`, ""), "no sequence number"],
  ["a negative number", good.replace(`:3,`, ":-3,"), "no sequence number"],
  ["no such day", good.replace("01-01T", "02-30T"), "time"],
  ["another zone", good.replace("Z", "+00:00"), "time"],
  ["no type", good.replace(`,"type":"act.intent"`, ""), "no type"],
  ["a list", "[1]", "not a JSON object"],
  ["half of it", good.slice(0, 30), "not JSON"],
  ["nothing", "", "not JSON"],
])("a line with %s is refused", (_, line, message) => {
  expect(() => parseRecordLine(Buffer.from(line))).toThrow(message);
});

test("bytes that are no UTF-8 are refused", () => {
  const bytes = Buffer.from(good.replace("act.intent", "act.iXtent"));
  bytes[bytes.indexOf("X")] = 0xff;
  expect(() => parseRecordLine(bytes)).toThrow("not UTF-8");
});

test("a line past the entry limit is refused", () => {
  const line = good.replace(`{"a":1}`, JSON.stringify({ a: "x".repeat(MAX_LINE_BYTES) }));
  expect(() => parseRecordLine(Buffer.from(line))).toThrow(String(MAX_LINE_BYTES));
});
