import { expect, test } from "vitest";
import { afterDeath } from "./restarts.ts";

test("a worker starts again, later each time, and not for ever", () => {
  const kinds = [1, 2, 3, 4, 5, 6].map((count) =>
    afterDeath(Array.from({ length: count }, (_, index) => index * 1000)),
  );
  expect(kinds).toEqual([
    { kind: "again", inMs: 200 },
    { kind: "again", inMs: 400 },
    { kind: "again", inMs: 800 },
    { kind: "again", inMs: 1600 },
    { kind: "again", inMs: 3200 },
    { kind: "give up" },
  ]);
});

test("deaths of more than a minute ago count no longer", () => {
  expect(afterDeath([0, 1, 2, 3, 4, 60_004])).toEqual({ kind: "again", inMs: 200 });
  expect(afterDeath([5, 6, 7, 8, 9, 60_004])).toEqual({ kind: "give up" });
});
