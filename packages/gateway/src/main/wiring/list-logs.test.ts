import { pino } from "pino";
import { expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { entriesOf } from "../../audit/logs/list.ts";
import type { Retirement } from "../../audit/logs/retired.ts";
import type { NewRecord } from "../../audit/records.ts";
import { recordLogs } from "./list-logs.ts";

const OWN = "a+1+K";
const knownOf = (key: string) => ({ name: key.split("+")[0] ?? "", key, records: 3, at: 1000 });

/** A gateway that starts where the store knows some logs. */
function starting(
  given: readonly string[],
  { isShared = true, retired = [] }: { isShared?: boolean; retired?: readonly Retirement[] } = {},
) {
  let retirements = retired;
  const clock = fakeClock();
  let keys = given;
  const recorded: unknown[] = [];
  recordLogs(
    { clock, logger: pino({ level: "silent" }), onStop: () => undefined },
    {
      store: {
        shared: isShared ? {} : undefined,
        logs: { all: async () => keys.map(knownOf) },
        retiredLogs: {
          all: async () => retirements,
          async end(log) {
            recorded.push(`end ${log}`);
            retirements = retirements.filter((one) => one.log !== log);
          },
        },
      },
      audit: {
        id: OWN,
        log: {
          append(record: NewRecord) {
            recorded.push(record.type === "log.listed" ? record.detail?.["logs"] : record);
            return 0;
          },
          flush: () => undefined,
          sync: async () => undefined,
        },
      },
    },
  );
  return {
    recorded,
    async become(next: readonly string[]) {
      await new Promise(setImmediate);
      keys = next;
      clock.advance(30_000);
      await new Promise(setImmediate);
    },
  };
}

it("records at its start that no other log is known: one may have been taken out while it was down", async () => {
  const { recorded, become } = starting([OWN]);
  await become([OWN]);
  expect(recorded).toEqual([[OWN]]);
  await become([OWN, "b+2+K"]);
  await become(["b+2+K", OWN]);
  await become([OWN]);
  expect(recorded).toEqual([[OWN], [OWN, "b+2+K"], [OWN]]);
});

it("records nothing where no gateway can share the store", async () => {
  const { recorded, become } = starting([OWN, "b+2+K"], { isShared: false });
  await become([OWN]);
  expect(recorded).toEqual([]);
});

it("has the own log in the list though the store has forgotten it", async () => {
  const { recorded, become } = starting(["b+2+K"]);
  await become(["b+2+K"]);
  expect(recorded).toEqual([[OWN, "b+2+K"]]);
  const own = { key: OWN, records: 9, checkpoint: undefined, seenAt: 2000 };
  const live = new Map([["a", "here"]]);
  expect(
    entriesOf([knownOf("b+2+K")], live, own).map(({ name, records, host }) => [name, records, host]),
  ).toEqual([
    ["b", 3, undefined],
    ["a", 9, "here"],
  ]);
  expect(entriesOf([knownOf(OWN)], live, own)).toMatchObject([{ name: "a", records: 9, host: "here" }]);
});

const retirementOf = (log: string): Retirement => ({
  log,
  name: log.split("+")[0] ?? "",
  records: 3,
  by: "olga",
  reason: "the machine is gone",
  at: 1000,
});

it("records that its log is back before it counts as retired no more, and leaves others alone", async () => {
  const { recorded, become } = starting([OWN], { retired: [retirementOf("b+2+K"), retirementOf(OWN)] });
  await become([OWN]);
  expect(recorded).toEqual([
    expect.objectContaining({
      type: "log.returned",
      detail: {
        log: OWN,
        name: "a",
        retired: {
          records: 3,
          by: "olga",
          reason: "the machine is gone",
          at: "1970-01-01T00:00:01.000Z",
        },
      },
    }),
    `end ${OWN}`,
    [OWN],
  ]);
});

it("lists a log as retired unless its gateway lives, and never its own", () => {
  const keys = [OWN, "b+2+K", "c+3+K"];
  const own = { key: OWN, records: 9, checkpoint: undefined, seenAt: 2000 };
  const all = new Map(keys.map((key) => [key, retirementOf(key)]));
  const entries = entriesOf(keys.map(knownOf), new Map([["c", "there"]]), own, all);
  expect(entries.map(({ name, retired }) => [name, retired?.by])).toEqual([
    ["a", undefined],
    ["b", "olga"],
    ["c", undefined],
  ]);
});
