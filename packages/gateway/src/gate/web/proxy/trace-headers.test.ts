import { expect, test } from "vitest";
import { headersUp } from "../../../protocols/http/request/headers-up.ts";
import { sentTraceparent, traceHeaders } from "./trace-headers.ts";

const own = "4bf92f3577b34da6a3ce929d0e0e4736";
const trace = { traceId: own, leaving: (intent: number) => `leaves with ${intent}` };
const permit = { intent: 7 };
const parentOf = (traceId: string): string => `00-${traceId}-00f067aa0ba902b7-01`;

test.each([
  ["none", undefined, undefined],
  ["one of another trace", parentOf("a".repeat(32)), undefined],
  ["one that is malformed", "00-nonsense", undefined],
  ["one of the same trace", parentOf(own), "vendor=1"],
])("beside %s the act's span leaves, and the client's state with its own trace alone", (_, sent, state) => {
  const raw = ["traceparent", sent ?? "", "tracestate", "vendor=1", "accept", "*/*"];
  const forwarded = {
    raw: raw.filter((_text, at) => at % 2 === 0),
    names: raw.filter((_text, at) => at % 2 === 0),
    values: raw.filter((_text, at) => at % 2 === 1),
  };
  const up = headersUp(forwarded, { authorization: "x" }, traceHeaders(trace, permit, sent));
  const got = Object.fromEntries(
    Array.from({ length: up.length / 2 }, (_pair, at) => [up[2 * at], up[2 * at + 1]]),
  );
  expect(got).toEqual({
    accept: "*/*",
    authorization: "x",
    traceparent: "leaves with 7",
    ...(state === undefined ? {} : { tracestate: state }),
  });
  expect(up.length).toBe(2 * Object.keys(got).length);
});

test("without a trace of ours nothing is changed, and nothing looked for", () => {
  expect(traceHeaders(undefined, permit, undefined)).toEqual({});
  expect(sentTraceparent({}, ["traceparent", parentOf(own)])).toBeUndefined();
  expect(sentTraceparent({ trace }, ["traceparent", parentOf(own)])).toBe(parentOf(own));
});
