import { expect, test } from "vitest";
import { readTraceparent, traceparentAmong, writeTraceparent } from "./traceparent.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";
const good = `00-${traceId}-${spanId}-01`;

test.each([
  ["version 00", good],
  ["a trace that its sender does not record", `00-${traceId}-${spanId}-00`],
  ["flags that are not known yet", `00-${traceId}-${spanId}-ff`],
  ["a later version", `cc-${traceId}-${spanId}-01`],
  ["a later version with more", `cc-${traceId}-${spanId}-01-what-the-future-brings`],
])("%s is read", (_, text) => {
  expect(readTraceparent(text)).toEqual({ traceId, spanId });
});

test.each<[string, unknown]>([
  ["nothing", undefined],
  ["no text", 7],
  ["an empty text", ""],
  ["version ff", `ff-${traceId}-${spanId}-01`],
  ["a version of one digit", `0-${traceId}-${spanId}-01`],
  ["a version that is no number", `0g-${traceId}-${spanId}-01`],
  ["capital letters in the trace", `00-${traceId.toUpperCase()}-${spanId}-01`],
  ["capital letters in the span", `00-${traceId}-${spanId.toUpperCase()}-01`],
  ["a trace of zeros", `00-${"0".repeat(32)}-${spanId}-01`],
  ["a span of zeros", `00-${traceId}-${"0".repeat(16)}-01`],
  ["a short trace", `00-${traceId.slice(1)}-${spanId}-01`],
  ["a long trace", `00-${traceId}0-${spanId}-01`],
  ["a short span", `00-${traceId}-${spanId.slice(1)}-01`],
  ["a long span", `00-${traceId}-${spanId}0-01`],
  ["no flags", `00-${traceId}-${spanId}`],
  ["flags of one digit", `00-${traceId}-${spanId}-1`],
  ["flags that are no number", `00-${traceId}-${spanId}-0x`],
  ["more in version 00", `${good}-more`],
  ["a hyphen behind version 00", `${good}-`],
  ["a later version with more that is not set off", `cc-${traceId}-${spanId}-01.more`],
  ["a later version with more than is bounded", `cc-${traceId}-${spanId}-01-${"x".repeat(201)}`],
  ["a space before", ` ${good}`],
  ["a line break behind", `${good}\n`],
  ["two in one", `${good},${good}`],
  ["other hyphens", good.replaceAll("-", "_")],
])("%s is none", (_, text) => {
  expect(readTraceparent(text)).toBeUndefined();
});

test("it is written as it is read, and as recorded", () => {
  expect(writeTraceparent({ traceId, spanId })).toBe(good);
});

test("among headers it is found whatever the case of its name, once", () => {
  expect(traceparentAmong(["Accept", "*/*", "TraceParent", `cc-${traceId}-${spanId}-00-more`])).toBe(good);
  expect(traceparentAmong(["traceparent", good, "Traceparent", good])).toBeUndefined();
  expect(traceparentAmong(["traceparent", "nonsense"])).toBeUndefined();
  expect(traceparentAmong(["tracestate", good])).toBeUndefined();
});
