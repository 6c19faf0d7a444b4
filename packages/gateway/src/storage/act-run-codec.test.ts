import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { decodeRun, encodeRun, type RunEntry } from "./act-run-codec.ts";

const entries = fc
  .uniqueArray(
    fc.record({
      seq: fc.maxSafeNat().map((n) => n % 2 ** 48),
      type: fc.constantFrom<RunEntry["type"]>("act.intent", "act.denied", "act.outcome"),
    }),
    { minLength: 1, selector: ({ seq }) => seq },
  )
  .map((list) => list.toSorted((a, b) => a.seq - b.seq));

test("what is encoded is decoded", () => {
  fc.assert(
    fc.property(entries, (list) => {
      const first = (list[0] as RunEntry).seq;
      expect(decodeRun(first, encodeRun(first, list))).toEqual(list);
    }),
  );
});

test("neighbours take a byte each", () => {
  const list = Array.from({ length: 20 }, (_, at): RunEntry => ({ seq: 1e9 + at, type: "act.outcome" }));
  expect(encodeRun(1e9, list)).toHaveLength(20);
});

test.each([
  ["an entry without its end", [0x80]],
  ["an entry of no type", [0x03]],
])("%s is refused", (_, bytes) => {
  expect(() => decodeRun(0, Uint8Array.from(bytes))).toThrow(RangeError);
});
