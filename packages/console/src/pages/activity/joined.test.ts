import { expect, it } from "vitest";
import { joined } from "./joined.ts";
import { story } from "./testing/story.ts";

it("an act is one row, with what came of it", () => {
  const rows = joined(story.toReversed(), true);
  expect(rows.map(({ record, outcome }) => [record.seq, outcome?.seq])).toEqual([
    [13, undefined],
    [12, undefined],
    [11, undefined],
    [9, 10],
    [8, undefined],
    [6, 7],
    [5, undefined],
    [4, undefined],
    [3, undefined],
    [2, undefined],
    [1, undefined],
  ]);
});

it("an outcome whose intent is not there stands by itself", () => {
  const [outcome] = story.filter(({ type }) => type === "act.outcome");
  expect(joined([outcome!], false)).toEqual([{ record: outcome, outcome: undefined }]);
});

it("an outcome whose intent can only be on the next page waits for that page", () => {
  const [outcome] = story.filter(({ type }) => type === "act.outcome");
  expect(joined([outcome!], true)).toEqual([]);
});
