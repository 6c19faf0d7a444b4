import fc from "@mayfly/testing/fast-check.ts";
import { expect, it } from "vitest";
import { hasMoreValues, ValueCount } from "./json-values.ts";

it("counts what stands between commas and in brackets, and nothing in strings, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(), (value, cut) => {
      const bytes = Buffer.from(JSON.stringify(value));
      const at = cut % (bytes.length + 1);
      const [whole, halves] = [new ValueCount(), new ValueCount()];
      whole.feed(bytes);
      halves.feed(bytes.subarray(0, at));
      halves.feed(bytes.subarray(at));
      expect(halves.values).toBe(whole.values);
    }),
  );
  const of = (text: string): number => {
    const count = new ValueCount();
    count.feed(Buffer.from(text));
    return count.values;
  };
  expect([of("[[],[],{}]"), of(String.raw`{"a":"[,,,\",","b":[1,2]}`), of("7")]).toEqual([6, 4, 0]);
});

it("tells more than so many", () => {
  const dense = Buffer.from(`[${"[],".repeat(1000)}0]`);
  expect([hasMoreValues(dense, 1000), hasMoreValues(dense, 3000)]).toEqual([true, false]);
  expect(hasMoreValues(Buffer.from(`"${",".repeat(5000)}"`), 100)).toBe(false);
});
