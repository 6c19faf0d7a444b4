import { describe, expect, it } from "vitest";
import type { AuditRecord } from "../../audit/records.ts";
import { fromNoLog } from "./from-no-log.ts";
import type { Store } from "../store.ts";
import { useStore } from "./use-store.ts";

const hour = 3_600_000;
const start = Date.UTC(2026, 10, 24, 12);

function record(seq: number, at: number, more: Partial<AuditRecord>): AuditRecord {
  return {
    seq,
    time: new Date(at).toISOString(),
    type: "act.intent",
    connection: "orders-db",
    operations: ["read-orders", "refund-order"],
    detail: {},
    ...more,
  };
}

const records: readonly AuditRecord[] = [
  record(0, start, { type: "grant.activated" }),
  record(1, start + 1000, { detail: { operation: "orders-db/read-orders" } }),
  record(2, start + 2000, { type: "act.outcome", detail: { intent: 1 } }),
  record(3, start + 3000, { type: "act.denied", detail: { rule: "x" } }),
  record(4, start + hour, { detail: { operation: "orders-db/read-orders" } }),
  record(5, start + 2 * hour, { detail: { operation: "orders-db/refund-order" } }),
  record(6, start + 2 * hour, {
    type: "lockdown.started",
    connection: undefined,
    operations: undefined,
  } as never),
];

/** The same tests of how use is counted and searched, on each store. */
export function usageSuite(name: string, open: () => Promise<Store>, remove: () => Promise<void>): void {
  describe(`use in the ${name} index`, () => {
    let store: Store;
    useStore({ open, done: remove }, (opened) => (store = opened));

    it("counts each record once, by hour, connection and operation", async () => {
      const index = store.index("used.test+1");
      await index.insert(records.slice(0, 4));
      await index.insert(records);
      expect(await index.usage(0)).toEqual([
        { connection: "orders-db", grants: 1, acts: 0, denied: 1 },
        {
          connection: "orders-db",
          operation: "read-orders",
          grants: 0,
          acts: 2,
          denied: 0,
          lastAt: start + hour,
        },
        {
          connection: "orders-db",
          operation: "refund-order",
          grants: 0,
          acts: 1,
          denied: 0,
          lastAt: start + 2 * hour,
        },
      ]);
      expect((await index.usage(start + hour)).map(({ operation, acts }) => [operation, acts])).toEqual([
        ["read-orders", 1],
        ["refund-order", 1],
      ]);
      expect(await index.usage(start + 3 * hour)).toEqual([]);
      expect(await index.hours(0)).toEqual([
        { at: start, grants: 1, acts: 1, denied: 1 },
        { at: start + hour, grants: 0, acts: 1, denied: 0 },
        { at: start + 2 * hour, grants: 0, acts: 1, denied: 0 },
      ]);
      expect((await index.hours(start + hour)).map(({ at }) => at)).toEqual([start + hour, start + 2 * hour]);
      const types = ["grant.activated", "lockdown.started"] as const;
      expect(await index.counts(0, types)).toEqual(
        new Map([
          ["grant.activated", 1],
          ["lockdown.started", 1],
        ]),
      );
      expect(await index.counts(start + hour, types)).toEqual(new Map([["lockdown.started", 1]]));
      expect(await store.index("used.test+2").counts(0, types)).toEqual(new Map());
      expect(await store.index("used.test+2").usage(0)).toEqual([]);
    });

    it("counts anew after it was emptied", async () => {
      const index = store.index("used.test+3");
      await index.insert(records);
      await index.clear();
      expect(await index.usage(0)).toEqual([]);
      await index.insert(records.slice(0, 2));
      expect((await index.usage(0)).map(({ grants, acts }) => [grants, acts])).toEqual([
        [1, 0],
        [0, 1],
      ]);
    });

    it("finds what an operation is about: an act by the one that permitted it", async () => {
      const index = store.index("used.test+4");
      await index.insert(records);
      const found = async (operation: string): Promise<number[]> =>
        (await index.search({ operation, limit: 10 }, fromNoLog)).map(({ seq }) => seq);
      expect(await found("orders-db/read-orders")).toEqual([4, 3, 2, 1, 0]);
      expect(await found("refund-order")).toEqual([5, 3, 2, 0]);
      expect(await found("db/read-orders")).toEqual([]);
      expect(await found("orders")).toEqual([]);
      expect(await found("%")).toEqual([]);
    });

    it("finds and counts an act that several operations covered together by each of them", async () => {
      const index = store.index("used.test+5");
      const operation = "orders-db/refund-order, orders-db/read-orders";
      await index.insert([record(0, start, { detail: { operation } })]);
      for (const one of ["orders-db/refund-order", "orders-db/read-orders", "refund-order", "read-orders"]) {
        // oxlint-disable-next-line no-await-in-loop -- in order
        expect(await index.search({ operation: one, limit: 10 }, fromNoLog)).toHaveLength(1);
      }
      expect((await index.usage(0)).map((each) => [each.operation, each.acts])).toEqual([
        ["read-orders", 1],
        ["refund-order", 1],
      ]);
    });
  });
}
