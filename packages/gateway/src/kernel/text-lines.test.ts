import fc from "@mayfly/testing/fast-check.ts";
import { expect, test } from "vitest";
import { textLines } from "./text-lines.ts";

async function lines(
  pieces: Iterable<string>,
  max?: number,
): Promise<(readonly [string, number, boolean])[]> {
  const all: (readonly [string, number, boolean])[] = [];
  async function* each(): AsyncGenerator<string> {
    yield* pieces;
  }
  for await (const { text, line, cut } of textLines(each(), max)) all.push([text, line, cut]);
  return all;
}

test("lines end with a newline, with a return before it, or with the text", async () => {
  expect(await lines(["a\r\n\nb\rc\nd"])).toEqual([
    ["a", 1, false],
    ["", 2, false],
    ["b\rc", 3, false],
    ["d", 4, false],
  ]);
  expect(await lines(["a\n"])).toEqual([["a", 1, false]]);
  expect(await lines([])).toEqual([]);
});

test("a return and its newline may come in two pieces", async () => {
  expect(await lines(["a\r", "\nb"])).toEqual([
    ["a", 1, false],
    ["b", 2, false],
  ]);
});

test("what a line has beyond the bound is left out, and the next one is whole", async () => {
  expect(await lines(["abcd\nefghi\r\nefgh\r\n", "ij"], 4)).toEqual([
    ["abcd", 1, false],
    ["efgh", 2, true],
    ["efgh", 3, false],
    ["ij", 4, false],
  ]);
});

test("of a line of 20 MiB the first 16 are kept", async () => {
  const [first, second] = await lines([...Array.from({ length: 20 }, () => "a".repeat(1_048_576)), "\nend"]);
  expect([first?.[0].length, first?.[2]]).toEqual([16_777_216, true]);
  expect(second).toEqual(["end", 2, false]);
});

test("a NUL and half of a character are characters as others", async () => {
  expect(await lines(["a\0\ud800\n"])).toEqual([["a\0\ud800", 1, false]]);
});

test("however a text comes in pieces, its lines are the same", async () => {
  const texts = fc.array(
    fc.string({ unit: fc.constantFrom("a", "b", "\n", "\r", "\ud83d", "é"), maxLength: 8 }),
  );
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 6 }), async (pieces, max) => {
      const whole = await lines([pieces.join("")], max);
      expect(await lines(pieces, max)).toEqual(whole);
      expect(
        await lines(
          pieces.flatMap((piece) => piece.split("")),
          max,
        ),
      ).toEqual(whole);
      const expected = pieces.join("").split("\n");
      if (expected.at(-1) === "") expected.pop();
      expect(whole.map(([text]) => text)).toEqual(
        expected.map((line, at) => (at < whole.length ? line.replace(/\r$/, "").slice(0, max) : line)),
      );
    }),
  );
});
