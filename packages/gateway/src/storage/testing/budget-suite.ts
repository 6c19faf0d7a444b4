import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { aheadOf } from "../../kernel/taken-ahead.ts";
import { sampleGrant, sampleRequest } from "../../grants/testing/samples.ts";
import type { Store } from "../store.ts";

/** What every store does with budgets. */
export function budgetSuite(name: string, open: () => Promise<Store>, done: () => Promise<void>): void {
  describe(`budgets in ${name}`, () => {
    let store: Store;
    let grants = 0;
    /** A grant of its own for each test. */
    const newGrant = async (): Promise<string> => {
      const id = `gr_b${(grants += 1)}`;
      const request = sampleRequest(`req_b${grants}`, { state: "approved", grant: id });
      await store.grants.createRequest(request, undefined, sampleGrant(id, `req_b${grants}`));
      return id;
    };

    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store.close();
      await done();
    });

    it("takes what is wanted and no more than is left, each operation's by itself", async () => {
      const grant = await newGrant();
      expect(await store.budgets.take(grant, "api/refund", 3, 2)).toBe(2);
      expect(await store.budgets.take(grant, "api/refund", 3, 2)).toBe(1);
      expect(await store.budgets.take(grant, "api/refund", 3, 2)).toBe(0);
      expect(await store.budgets.take(grant, "api/cancel", 3, 1)).toBe(1);
      expect(await store.budgets.take(await newGrant(), "api/refund", 3, 3)).toBe(3);
    });

    it("takes as much ahead as the rule says, whatever is left", async () => {
      const grant = await newGrant();
      let left = 5000;
      while (left > 0) {
        const wanted = Math.min(3, left);
        const taken = await store.budgets.take(grant, "api/refund", 5000, 3);
        expect(taken).toBe(wanted + aheadOf(left - wanted));
        left -= taken;
      }
    });

    it("never gives more than there is to those who take at once", async () => {
      const grant = await newGrant();
      const taken = await Promise.all(
        Array.from({ length: 60 }, () => store.budgets.take(grant, "api/refund", 7, 2)),
      );
      expect(taken.reduce((sum, one) => sum + one, 0)).toBe(7);
    });

    it("has again what was given back, and nothing where the budget became smaller", async () => {
      const grant = await newGrant();
      expect(await store.budgets.take(grant, "api/refund", 3, 3)).toBe(3);
      await store.budgets.giveBack(grant, "api/refund", 1);
      expect(await store.budgets.take(grant, "api/refund", 2, 1)).toBe(0);
      expect(await store.budgets.take(grant, "api/refund", 3, 5)).toBe(1);
    });

    it("refuses a count below nothing", async () => {
      const grant = await newGrant();
      expect(await store.budgets.take(grant, "api/refund", 3, 1)).toBe(1);
      await expect(store.budgets.giveBack(grant, "api/refund", 2)).rejects.toThrow(/check/i);
    });

    it("counts for a grant that the store has, and goes with it", async () => {
      await expect(store.budgets.take("gr_none", "api/refund", 3, 1)).rejects.toThrow(/foreign key/i);
      const grant = await newGrant();
      expect(await store.budgets.take(grant, "api/refund", 3, 3)).toBe(3);
      const at = Date.now();
      await store.grants.endGrant(grant, {
        state: "released",
        endedAt: at - 10,
        endedBy: "bot",
        endReason: "done",
      });
      expect((await store.forgetEnded(at, async () => () => false)).grants).toBe(1);
      expect(await store.grants.grant(grant)).toBeUndefined();
    });
  });
}
