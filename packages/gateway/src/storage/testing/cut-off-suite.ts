import { describe, expect, it } from "vitest";
import type { KeptCutOff } from "../../identity/signals/cut-offs.ts";
import type { Store } from "../store.ts";
import { useStore } from "./use-store.ts";

const cut = (more: Partial<KeptCutOff> = {}): KeptCutOff => ({
  issuer: "https://okta.example",
  name: "user 00urosa",
  uid: "00uROSA",
  login: "rosa@example.com",
  at: 1000,
  reason: "suspended",
  keptAt: 5000,
  ...more,
});

/** What every store has to do with cut-offs. */
export function cutOffSuite(name: string, open: () => Promise<Store>, done: () => Promise<void>): void {
  describe(`cut-offs on ${name}`, () => {
    let store: Store;
    useStore({ open, done }, (opened) => (store = opened));

    it("keeps the latest of each subject, whatever comes late", async () => {
      const { cutOffs } = store;
      const machine = { issuer: "https://okta.example", name: "client 0oabot", at: 1000, reason: "x" };
      await cutOffs.keep([cut(), { ...machine, keptAt: 5000 }, cut({ through: "0oabot" })]);
      await cutOffs.keep([cut({ at: 999, keptAt: 6000 })]);
      expect(await cutOffs.since(0, 10)).toHaveLength(3);
      expect(await cutOffs.since(6000, 10)).toEqual([]);
      await cutOffs.keep([cut({ at: 1001, keptAt: 7000 })]);
      expect(await cutOffs.since(6000, 10)).toEqual([cut({ at: 1001, keptAt: 7000 })]);
      await cutOffs.keep([]);
    });

    it("keeps apart who is cut off, by issuer, name and what it is held through", async () => {
      const { cutOffs } = store;
      const since = async (keptAt: number): Promise<readonly KeptCutOff[]> => cutOffs.since(keptAt, 10);
      const before = await since(0);
      const others = [
        cut({ issuer: "https://other.example", at: 5, keptAt: 6500 }),
        cut({ name: "user rosa@example.com", at: 5, keptAt: 6500 }),
        cut({ through: "0oaother", at: 5, keptAt: 6500 }),
      ];
      await cutOffs.keep(others);
      const found = await since(6500);
      for (const each of others) expect(found).toContainEqual(each);
      expect(await since(0)).toHaveLength(before.length + others.length);
    });

    it("keeps the latest when several gateways keep at once", async () => {
      const { cutOffs } = store;
      const times = Array.from({ length: 20 }, (_, at) => 100 + at);
      await Promise.all(times.map((at) => cutOffs.keep([cut({ name: "user busy", at, keptAt: 6600 })])));
      const kept = (await cutOffs.since(6600, 100)).filter(({ name }) => name === "user busy");
      expect(kept.map(({ at }) => at)).toEqual([119]);
    });

    it("gives the newest, the newest last, and forgets what is old", async () => {
      const { cutOffs } = store;
      expect((await cutOffs.since(0, 1)).map(({ keptAt }) => keptAt)).toEqual([7000]);
      await cutOffs.forget(1001);
      expect(await cutOffs.since(0, 10)).toEqual([cut({ at: 1001, keptAt: 7000 })]);
    });
  });
}
