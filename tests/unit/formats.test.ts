import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { formatDuration as formatOfSdk } from "@mayfly/sdk/formats";
import { formatDuration, parseDuration } from "../../packages/gateway/src/kernel/durations.ts";
import { formatSize, parseSize } from "../../packages/gateway/src/kernel/sizes.ts";

test.each([
  [-5, "0s"],
  [0, "0s"],
  [250, "250ms"],
  [59_600, "1m"],
  [90_000, "1m 30s"],
  [3_600_000, "1h"],
  [90_061_000, "1d 1h"],
])("%d ms are written %s", (ms, text) => expect(formatDuration(ms)).toBe(text));

test("gateway and SDK write durations alike", () => {
  const ms = fc.oneof(fc.integer({ min: -1000, max: 5000 }), fc.double({ min: 0, max: 1e12, noNaN: true }));
  fc.assert(
    fc.property(ms, (span) => {
      expect(formatOfSdk(span)).toBe(formatDuration(span));
    }),
  );
});

test("a size of one unit is read as it was written", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 999_999 }),
      fc.constantFrom("B", "KiB", "MiB", "GiB"),
      (count, unit) => {
        const bytes = parseSize(`${count}${unit}`);
        expect(parseSize(formatSize(bytes!))).toBe(bytes);
      },
    ),
  );
  expect(formatSize(1536)).toBe("1536B");
  expect(formatSize(16_777_216)).toBe("16MiB");
});

test.each(["", "5", "m", "05x", "1e3s", "1.5h", "-1s", " 1s", "1s "])(
  "%j is neither duration nor size",
  (text) => {
    expect(parseDuration(text)).toBeUndefined();
    expect(parseSize(text)).toBeUndefined();
  },
);
