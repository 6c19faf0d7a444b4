import { describe, expect, it } from "vitest";
import type { KeptMembership } from "../../identity/memberships/memberships.ts";
import type { Store } from "../store.ts";
import { useStore } from "./use-store.ts";

const word = (more: Partial<KeptMembership> = {}): KeptMembership => ({
  issuer: "https://okta.example",
  person: "00urosa",
  group: "sre",
  isMember: false,
  at: 1000,
  keptAt: 5000,
  ...more,
});

/** What every store has to do with memberships. */
export function membershipSuite(name: string, open: () => Promise<Store>, done: () => Promise<void>): void {
  describe(`memberships on ${name}`, () => {
    let store: Store;
    useStore({ open, done }, (opened) => (store = opened));

    it("keeps the newest word on each membership, whatever comes late", async () => {
      const { memberships } = store;
      await memberships.keep([word(), word({ group: "00gSRE" }), word({ person: "*" })]);
      await memberships.keep([word({ at: 999, isMember: true, keptAt: 6000 })]);
      await memberships.keep([word({ at: 1000, isMember: true, keptAt: 6000 })]);
      expect(await memberships.since(0, 10)).toHaveLength(3);
      expect(await memberships.since(6000, 10)).toEqual([]);
      await memberships.keep([word({ at: 1001, isMember: true, keptAt: 7000 })]);
      expect(await memberships.since(6000, 10)).toEqual([word({ at: 1001, isMember: true, keptAt: 7000 })]);
      await memberships.keep([word({ at: 1001, isMember: false, keptAt: 8000 })]);
      expect(await memberships.since(8000, 10)).toEqual([word({ at: 1001, keptAt: 8000 })]);
      await memberships.keep([]);
    });

    it("gives the newest, the newest last, and forgets what is old", async () => {
      const { memberships } = store;
      expect((await memberships.since(0, 1)).map(({ keptAt }) => keptAt)).toEqual([8000]);
      expect((await memberships.since(0, 10)).at(-1)?.keptAt).toBe(8000);
      await memberships.forget(1001);
      expect(await memberships.since(0, 10)).toEqual([word({ at: 1001, keptAt: 8000 })]);
    });
  });
}
