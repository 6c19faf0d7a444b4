import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { ownText } from "./own-text.ts";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

test.each(["", "a", "a text of some length", "\0\ud800\udc00\ud800"])("%j stays what it is", (text) => {
  expect(ownText(text)).toBe(text);
});

test("what is kept of long texts does not hold them", () => {
  collect();
  const before = process.memoryUsage().heapUsed;
  const kept: string[] = [];
  for (let count = 0; count < 50; count += 1) {
    const long = Array.from({ length: 1000 }, (_, at) => `${count} and ${at} `.repeat(50)).join("");
    kept.push(ownText(long.slice(100, 120)));
  }
  collect();
  // As parts of them they hold 25 million characters.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(10_000_000);
  expect(kept).toHaveLength(50);
});
