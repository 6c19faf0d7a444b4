import { expect, it } from "vitest";
import { answered, type Given, logsOf } from "./testing/logs-of.ts";

const lost = { answers: { "b+1+K": answered }, indexed: { records: [], acts: [5] }, retired: ["c+1+K"] };

it("says of a log that was given up what is lacking for good, and has what the index has of it", async () => {
  const { records, partial, retired } = await logsOf(lost).search({ limit: 10 });
  expect(partial).toEqual([]);
  expect(retired).toEqual([{ log: "c", lacks: "bodies", by: "olga", at: 9000 }]);
  expect(records.find(({ log }) => log === "c")).toMatchObject({ seq: 5, detail: { body_at: "c" } });
  const byWords = await logsOf(lost).search({ limit: 10, text: "x" });
  expect(byWords).toMatchObject({ partial: [], retired: [{ log: "c", lacks: "acts" }] });
});

it.each<[string, Given]>([
  ["one that was not asked", { ...lost, unasked: ["c+1+K"] }],
  ["one that could not be read", { ...lost, broken: new Error("the store is away") }],
  ["another one", { ...lost, retired: ["b+1+K"] }],
  ["one where nobody can say which were given up", { ...lost, retired: new Error("the store is away") }],
])("takes %s for partial all the same", async (_name, given) => {
  const { partial, retired } = await logsOf(given).search({ limit: 10 });
  expect(partial).toMatchObject([{ log: "c" }]);
  expect(retired).toBeUndefined();
});

it("says nothing of a log that was given up where it has answered", async () => {
  const answers = { "b+1+K": answered, "c+1+K": answered };
  expect((await logsOf({ ...lost, answers }).search({ limit: 10 })).retired).toBeUndefined();
});
