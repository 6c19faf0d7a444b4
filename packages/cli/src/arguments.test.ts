import { describe, expect, test } from "vitest";
import {
  count,
  duration,
  grantId,
  moment,
  oneOf,
  operationName,
  parseSpan,
  reason,
  requestId,
  requestOrGrantId,
  sessionId,
} from "./arguments.ts";

const now = Date.parse("2026-11-24T15:00:00Z");

describe("a moment", () => {
  test.each([
    ["1h", "2026-11-24T14:00:00.000Z"],
    ["30m", "2026-11-24T14:30:00.000Z"],
    ["7d", "2026-11-17T15:00:00.000Z"],
    ["2026-11-24", "2026-11-24T00:00:00.000Z"],
    ["2026-11-24T10:00:00+02:00", "2026-11-24T10:00:00+02:00"],
    ["2026-11-24t10:00:00.5z", "2026-11-24t10:00:00.5z"],
  ])("%s is %s", (text, at) => {
    expect(moment(text, now)).toBe(at);
  });

  // A time without its zone is another one on every machine.
  test.each(["", "yesterday", "2026-13-01", "2026-11-24T10:00:00", "-1h", "1", "999999999d"])(
    "%s is none",
    (text) => {
      expect(() => moment(text, now)).toThrow("Give how long ago");
    },
  );
});

describe("what is wrong on the command line is refused here", () => {
  test.each([
    [duration, ["5m", "90s", "250ms"], ["", "0s", "5", "5 m", "-5m", "m", "5M"]],
    [
      requestId,
      ["req_7k2m9q4t0x5c8v1n"],
      [
        "gr_7k2m9q4t0x5c8v1n",
        "req_",
        "req_x",
        "req_7k2m9q4t0x5c8v1n0",
        "req_../7k2m9q4t0x5c8",
        "REQ_7k2m9q4t0x5c8v1n",
        "",
      ],
    ],
    [grantId, ["gr_7k2m9q4t0x5c8v1n"], ["req_7k2m9q4t0x5c8v1n", "gr_7k2m9q4t0x5c8?x=", "gr"]],
    [sessionId, ["ses_7k2m9q4t0x5c8v1n"], ["gr_7k2m9q4t0x5c8v1n", "ses_nothing", "ses_7k2m9q4t0x5c8v1l", ""]],
    [
      requestOrGrantId,
      ["req_7k2m9q4t0x5c8v1n", "gr_7k2m9q4t0x5c8v1n"],
      ["ses_7k2m9q4t0x5c8v1n", "orders-db"],
    ],
    [operationName, ["orders-db/read-orders"], ["orders-db", "/read", "orders-db/", "a/b/c"]],
    [reason, ["TICKET-1", "é".repeat(500)], ["", "  ", "x".repeat(501)]],
    [oneOf("permit", "deny"), ["permit", "deny"], ["Deny", ""]],
    [count, ["1", "1000"], ["0", "1001", "1e2", "-1", "ten"]],
  ])("%o", (check, good, bad) => {
    for (const text of good) expect(check(text)).toBe(text);
    for (const text of bad) expect(() => check(text)).toThrow(/^(?:Give|Write|Use) /);
  });
});

test("a span is counted in milliseconds", () => {
  expect(["250ms", "2s", "3m", "1h", "1d", "x"].map(parseSpan)).toEqual([
    250,
    2000,
    180_000,
    3_600_000,
    86_400_000,
    undefined,
  ]);
});
