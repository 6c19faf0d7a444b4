import { expect, it } from "vitest";
import { answered, logsOf } from "./testing/logs-of.ts";

const archivedOf = (records: number) => ({ records, to: `2026-01-0${records}T00:00:00.000Z` });

/** Logs of which each has archived something; asked with a cursor. */
async function asked(before: string, more: object = {}) {
  const names: (readonly string[])[] = [];
  const logs = logsOf({
    archived: archivedOf(1),
    answers: {
      "b+1+K": { ...answered, archived: archivedOf(2) },
      "c+1+K": { ...answered, archived: archivedOf(4) },
      ...more,
    },
    onAsked: (some) => void names.push(some),
  });
  return { names, found: await logs.search({ limit: 10, before }) };
}

it.each([
  ["2.7", [["b"], ["c"]]],
  ["1.7,3.7", [["c"], ["b"]]],
  ["1.7,2.7,3.7", [["b", "c"], []]],
])("counts on the last page what all logs have archived: %s", async (before, names) => {
  const { found, names: all } = await asked(before);
  expect(found.archived).toEqual({ records: 7, to: "2026-01-04T00:00:00.000Z" });
  expect(all).toEqual(names);
});

it("asks on the last page alone, and for one log where a number names it", async () => {
  const records = [6, 5].map((seq) => ({
    seq,
    time: "2026-01-01T00:00:00.000Z",
    type: "act.intent",
    detail: {},
  }));
  const more = { "b+1+K": { records, hasMore: true } };
  expect((await asked("2.7", more)).names).toEqual([["b"]]);
  expect((await asked("7")).found.archived).toEqual(archivedOf(1));
});

it("leaves out what a log does not tell", async () => {
  const { found } = await asked("2.7", { "c+1+K": "no answer" });
  expect(found.archived).toEqual({ records: 3, to: "2026-01-02T00:00:00.000Z" });
});
