import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleRequest } from "../../grants/testing/samples.ts";
import type { Store } from "../store.ts";

/** How every store keeps the number of requests that wait, whoever asks at once. */
export function pendingSuite(name: string, open: () => Promise<Store>, done: () => Promise<void>): void {
  describe(`pending requests in ${name}`, () => {
    let store: Store;

    beforeAll(async () => {
      store = await open();
    });
    afterAll(async () => {
      await store.close();
      await done();
    });

    const refusal = (): Error => new Error("too many wait");
    const ask = (id: string, at = 0) =>
      store.grants
        .createRequest(sampleRequest(id, { waitsUntil: 1000 }), undefined, undefined, {
          max: 3,
          at,
          refusal,
        })
        .then(
          () => "created",
          (error: unknown) => (error as Error).message,
        );

    it("refuses those beyond the bound, however many come at once", async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, (_, at) => ask(`req_w${at}`)));
      expect(answers.filter((answer) => answer === "created")).toHaveLength(3);
      expect(answers.filter((answer) => answer === "too many wait")).toHaveLength(9);
      const stored = await store.grants.requests({ state: "pending", limit: 100 });
      expect(stored).toHaveLength(3);
    });

    it("counts none that has timed out", async () => {
      expect(await ask("req_w20", 1000)).toBe("created");
      expect(await ask("req_w21", 999)).toBe("too many wait");
    });
  });
}
