import { expect, test } from "vitest";
import { readAnyTime, readCommonTime, readIsoTime } from "./log-line-time.ts";

const at = Date.UTC(2026, 11, 2, 8, 19, 19, 123);

test.each([
  ["2026-12-02T08:19:19.123Z", at],
  ["2026-12-02T08:19:19.123999999Z", at],
  ["2026-12-02t08:19:19,123z", at],
  ["2026-12-02 02:49:19.123 -05:30", at],
  ["2026-12-02T10:19:19.123+0200", at],
  ["02/Dec/2026:08:19:19 +0000", at - 123],
  ["1796199559", at - 123],
  ["1796199559.123", at],
  ["1796199559.1239999", at],
  ["1796199559123", at],
])("%s", (text, expected) => {
  expect(readAnyTime(text)).toBe(expected);
});

test.each([
  "",
  "-",
  "2026-12-02",
  "2026-12-02T08:19:19",
  "2026-12-02T08:19:19 CET",
  "-5",
  "1e9",
  "100000000000000",
])("%j is no time", (text) => {
  expect(readAnyTime(text)).toBeNaN();
});

test("a common time is read alike, whichever was read before", () => {
  const texts = ["02/Dec/2026:08:19:19 +0000", "02/Dec/2026:08:19:59 +0100", "32/Dec/2026:08:19:19 +0000"];
  const alone = [at - 123, at - 123 + 40_000 - 3_600_000, Number.NaN];
  for (const [first, one] of texts.entries())
    for (const [second, other] of texts.entries())
      expect([readCommonTime(one), readCommonTime(other)]).toEqual([alone[first], alone[second]]);
  expect(readCommonTime("02/Dec/2026:08:19:6 +0000")).toBeUndefined();
  expect(readCommonTime("02/Dec/2026:08:19:19 +0000x")).toBeUndefined();
  expect(readIsoTime("02/Dec/2026:08:19:19 +0000")).toBeNaN();
});
