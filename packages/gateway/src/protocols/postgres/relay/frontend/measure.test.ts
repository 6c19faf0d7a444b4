import { describe, expect, it } from "vitest";
import type { Bound } from "../../act.ts";
import { measure, tooLong } from "./measure.ts";

const lengthOf = (value: string | Buffer, of: Bound["of"], isBinary = false): number =>
  measure({ bytes: Buffer.from(value), isBinary }, of);
/** An array, as array_send begins one. */
const array = (element: number, ...lengths: readonly number[]): Buffer => {
  const bytes = Buffer.alloc(4000);
  for (const [at, word] of [lengths.length, 0, element, ...lengths.flatMap((each) => [each, 1])].entries())
    bytes.writeUInt32BE(word, 4 * at);
  return bytes;
};
/** numeric, as numeric_send writes it: 10 to the power of four times the place. */
const power = (place: number, scale = 0): Buffer =>
  Buffer.from([0, 1, place >> 8, place & 255, 0, 0, scale >> 8, scale & 255, 0, 1]);

describe("what a value comes to", () => {
  it.each([
    ["{1,2,3}", "members", 3],
    ["{1, 2, 3}", "members", 3],
    ["a   b", "members", 4],
    ['{"a": [1, 2]}', "members", 4],
    ["1,2,3", "members", 3],
    ["a b", "members", 2],
    ["1e131071", "characters", 131_079],
    ["[1E+131071,1e5]", "characters", 131_091],
    ["1e-16000", "characters", 16_008],
    ["1.e1_6000", "characters", 16_009],
    ["some text", "characters", 9],
    ['$.a ? (@ == "b")', "path", 16],
    ["$ ? (@.a == @.b)", "path", Number.POSITIVE_INFINITY],
    ["a <-> b & c:*", "path", 13],
  ] as const)("%s: %s", (value, of, expected) => {
    expect(lengthOf(value, of)).toBe(expected);
  });

  it("counts what is sent in binary by its type", () => {
    expect(lengthOf(power(32_767), "characters", true)).toBe(10 + 4 * 32_767);
    expect(lengthOf(power(0), "characters", true)).toBe(10);
    expect(lengthOf(power(0, 16_000), "characters", true)).toBe(10 + 16_000);
    expect(lengthOf("\u0001[1,2]", "members", true)).toBe(3);
    expect(lengthOf(",,,,", "members", true)).toBe(5);
    // numeric[] of one dimension, and a range: each number with its length before it.
    const numbers = Buffer.from([0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 6, 164, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 10]);
    expect(lengthOf(Buffer.concat([numbers, power(32_767)]), "characters", true)).toBe(34 + 4 * 32_767);
    const range = Buffer.from([2, 0, 0, 0, 10]);
    expect(lengthOf(Buffer.concat([range, power(0, 16_000)]), "characters", true)).toBe(15 + 16_000);
    // bit, as bit_send writes it.
    expect(lengthOf(Buffer.from([0, 0, 0, 16, 255, 255]), "characters", true)).toBe(6 + 16);
    expect(lengthOf(Buffer.alloc(4000), "members", true)).toBe(1000);
    expect(lengthOf(array(25, 100), "members", true)).toBe(100);
    expect(lengthOf(array(23, 10, 20), "members", true)).toBe(200);
    expect(lengthOf(array(3802, 2), "members", true)).toBe(1000);
    expect(lengthOf("1,2,3,4,5,6,7,8,9", "members", true)).toBe(9);
    expect(lengthOf("\u0001$ ? (@.a == @.b)", "path", true)).toBe(Number.POSITIVE_INFINITY);
  });
});

it("finds the first value that is too long; one that nobody knows is, and NULL is none", () => {
  const bounds = [
    [1, { of: "characters", most: 3 }],
    [2, { of: "characters", most: 3 }],
  ] as const;
  const passed = (...values: readonly (string | null | undefined)[]): number | undefined =>
    tooLong(bounds, (number) => {
      const value = values[number - 1];
      return typeof value === "string" ? { bytes: Buffer.from(value), isBinary: false } : value;
    })?.number;
  expect([passed("abc", "abcd"), passed("abcd", null), passed(null, undefined), passed("abc", null)]).toEqual(
    [2, 1, 2, undefined],
  );
});
