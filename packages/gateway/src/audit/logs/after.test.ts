import { expect, it } from "vitest";
import type { AuditReader } from "../index/port.ts";
import type { AuditRecord } from "../records.ts";
import { oneLog } from "./one-log.ts";
import { answered, logsOf, recordOf } from "./testing/logs-of.ts";

// Where events go on after the first page of a search.

const answers = {
  "b+1+K": { records: [recordOf(50)], hasMore: false },
  "c+1+K": answered,
};

it("goes on behind all that a filtered search has looked through, in logs that showed a record and in others", async () => {
  expect((await logsOf({ answers }).search({ limit: 10, connection: "orders-db" })).after).toBe(
    "1.42,2.51,3.42",
  );
});

it("goes on behind what a search without filters has shown", async () => {
  expect((await logsOf({ answers }).search({ limit: 10 })).after).toBe("1.10,2.51,3.0");
});

it("takes the end as it stood before the search", async () => {
  let last = 41;
  const logs = logsOf({
    answers,
    last: () => last,
    onAsked() {
      last = 60;
    },
  });
  expect((await logs.search({ limit: 10, connection: "orders-db" })).after).toBe("1.42,2.51,3.42");
});

/** One log with 42 records, of which a search finds these. */
const one = (records: readonly AuditRecord[], isBehind = false) =>
  oneLog({
    search: async () => ({ records, isBehind }),
    end: 42,
    verifierKey: "a+1+K",
  } as unknown as AuditReader);

it.each<[string, ReturnType<typeof one>, object, string | undefined]>([
  ["has a filter and shows nothing", one([]), { connection: "x" }, "41"],
  ["has a filter and shows something", one([recordOf(7)]), { connection: "x" }, "41"],
  ["has none", one([recordOf(7)]), {}, "7"],
  ["has a filter and an index that is behind", one([recordOf(7)], true), { connection: "x" }, "7"],
  [
    "has a filter, an index that is behind, and nothing to show",
    one([], true),
    { connection: "x" },
    undefined,
  ],
  ["is a later page", one([recordOf(7)]), { connection: "x", before: "9" }, "7"],
])("goes on in one log where a search %s", async (_name, log, query, after) => {
  expect((await log.search({ limit: 10, ...query })).after).toBe(after);
});
