import { expect, it } from "vitest";
import type { AuditQuery } from "../index/port.ts";
import type { AuditRecord, RecordType } from "../records.ts";
import type { Hold } from "./holds.ts";
import { shareHolds, type SharedHolds } from "./shared-holds.ts";

const ON = { connection: "orders-db" };

/** A log with these records of holds, newest last. */
function logWith(orders: readonly (readonly [RecordType, string])[], isBehind = false) {
  const records = orders.map(([type, hold], seq): AuditRecord => ({
    seq,
    type,
    time: "2026-01-01T00:00:00.000Z",
    detail: { hold, on: ON, reason: "INC-1" },
  }));
  return {
    search: async ({ before = Infinity, limit }: AuditQuery) => ({
      records: records
        .filter(({ seq }) => seq < before)
        .toReversed()
        .slice(0, limit),
      isBehind,
    }),
  };
}

function storeOf() {
  const kept: (readonly [string, readonly Hold[], readonly string[]])[] = [];
  const store: SharedHolds = {
    all: async () => [],
    add: async () => undefined,
    keep: async (log, { inForce, lifted }) => void kept.push([log, inForce, [...lifted].toSorted()]),
    takeFromGone: async () => undefined,
  };
  return { kept, store };
}

it("tells of the holds that are in force in the log and of those lifted there, however many there were", async () => {
  const { kept, store } = storeOf();
  const lifted = Array.from({ length: 700 }, (_, at) => [
    ["log.hold_placed", `hold_${at}`] as const,
    ["log.hold_lifted", `hold_${at}`] as const,
  ]).flat();
  const log = logWith([
    ["log.hold_placed", "hold_a"],
    ...lifted,
    ["log.hold_placed", "hold_b"],
    // Placed in a part of the log that was lost.
    ["log.hold_lifted", "hold_c"],
  ]);
  await shareHolds(store, "a+1+K", log).tellAll();
  const ids = [...new Set(lifted.map(([, hold]) => hold)), "hold_c"].toSorted();
  expect(kept).toEqual([["a+1+K", ["hold_a", "hold_b"].map((id) => ({ id, on: ON })), ids]]);
});

it("calls none lifted while the index is behind the log", async () => {
  const { kept, store } = storeOf();
  await expect(shareHolds(store, "a+1+K", logWith([], true)).tellAll()).rejects.toThrow("the index");
  expect(kept).toEqual([]);
});
