import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import type { AuditLog } from "../../audit/log.ts";
import type { NewRecord } from "../../audit/records.ts";
import { isLeft, leaveOrder, watchHolds, type HoldSpool } from "./hold-spool.ts";

const HOLD = `hold_${"0".repeat(16)}`;
const ON = { principal: "held-bot" };

let folder: string;
let spool: HoldSpool;
/** What was done, in order. */
let done: string[];
/** What of the store is away. */
let away: Set<"add" | "tellAll" | "lifted">;
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "mayfly-spool-")), "holds");
  [done, away] = [[], new Set(["tellAll"])];
  const told = (what: "add" | "tellAll" | "lifted") => async (): Promise<void> => {
    if (away.has(what)) throw new Error("the store is away");
    done.push(what);
  };
  spool = watchHolds({
    folder,
    log: {
      append: (record: NewRecord) => done.push(record.type),
      sync: async () => undefined,
    } as unknown as AuditLog,
    clock: fakeClock(),
    onProblem: () => undefined,
    sharing: { add: told("add"), tellAll: told("tellAll"), lifted: told("lifted") },
  });
});
afterEach(() => {
  spool.close();
  rmSync(join(folder, ".."), { recursive: true });
});

const order = { hold: HOLD, reason: "INC-12", by: "root" } as const;

test("nothing may be dropped until other gateways were told of the holds that are recorded", async () => {
  await expect(spool.record()).rejects.toThrow("the store is away");
  away.clear();
  await spool.record();
  await spool.record();
  expect(done).toEqual(["tellAll"]);
});

test("others are told of a hold before it is recorded, and it is recorded once", async () => {
  away = new Set(["add"]);
  leaveOrder(folder, { ...order, action: "place", on: ON });
  await expect(spool.record()).rejects.toThrow("the store is away");
  await expect(spool.record()).rejects.toThrow("the store is away");
  expect(done).toEqual([]);
  expect(isLeft(folder, HOLD, "place")).toBe(true);
  away.clear();
  await spool.record();
  await spool.record();
  expect(done).toEqual(["add", "log.hold_placed", "tellAll"]);
  expect(isLeft(folder, HOLD, "place")).toBe(false);
});

test.each(["lifted", "tellAll"] as const)(
  "a hold that is lifted is recorded once, and others are told until they were: %s",
  async (what) => {
    away.clear();
    await spool.record();
    away.add(what);
    leaveOrder(folder, { ...order, action: "lift" });
    await expect(spool.record()).rejects.toThrow("the store is away");
    await expect(spool.record()).rejects.toThrow("the store is away");
    away.clear();
    await spool.record();
    await spool.record();
    expect(done.filter((one) => one.startsWith("log."))).toEqual(["log.hold_lifted"]);
    expect(done.filter((one) => !one.startsWith("log."))).toEqual(["tellAll", "lifted", "tellAll"]);
  },
);
