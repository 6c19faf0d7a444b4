import { describe, expect, it } from "vitest";
import type { Store } from "../store.ts";
import { useStore } from "./use-store.ts";

/** What every store has to do with leases that gateways hear of, and with how far each has read the System Log. */
export function hearingSuite(name: string, open: () => Promise<Store>, done: () => Promise<void>): void {
  describe(`what gateways heard, on ${name}`, () => {
    let store: Store;
    useStore({ open, done }, (opened) => (store = opened));

    it("keeps what each gateway said last of leases, and nothing of what it said before", async () => {
      const { grants } = store;
      expect(await grants.renewals()).toEqual([]);
      await grants.tellRenewals({ gateway: "a", beat: "1", ages: { gr_one: 100, gr_two: 0 } });
      await grants.tellRenewals({ gateway: "b", beat: "1", ages: { gr_one: 2000 } });
      await grants.tellRenewals({ gateway: "a", beat: "2", ages: {} });
      const said = (await grants.renewals()).toSorted((one, other) =>
        one.gateway.localeCompare(other.gateway),
      );
      expect(said).toEqual([
        { gateway: "a", beat: "2", ages: {} },
        { gateway: "b", beat: "1", ages: { gr_one: 2000 } },
      ]);
    });

    it("keeps one row a gateway when several tell at once", async () => {
      const { grants } = store;
      const beats = Array.from({ length: 20 }, (_, at) => `at once ${at}`);
      await Promise.all(
        beats.map((beat) => grants.tellRenewals({ gateway: "a", beat, ages: { gr_one: 1 } })),
      );
      const ours = (await grants.renewals()).filter(({ gateway }) => gateway === "a");
      expect(ours).toHaveLength(1);
      expect(beats).toContain(ours[0]?.beat);
    });

    it("takes any id of a grant, as many as there are", async () => {
      const ages = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`gr_'"; ${at}`, at]));
      await store.grants.tellRenewals({ gateway: "c", beat: "1", ages });
      expect((await store.grants.renewals()).find(({ gateway }) => gateway === "c")?.ages).toEqual(ages);
    });

    it("keeps each cursor by its name, the last that was kept", async () => {
      const { cursors } = store;
      expect(await cursors.read("first of https://okta.example")).toBeUndefined();
      await cursors.keep("first of https://okta.example", '{"since":1}');
      await cursors.keep("second of https://okta.example", '{"since":2}');
      await cursors.keep(
        "first of https://okta.example",
        '{"since":3,"next":"https://okta.example/?after=\'x"}',
      );
      expect(await cursors.read("first of https://okta.example")).toBe(
        '{"since":3,"next":"https://okta.example/?after=\'x"}',
      );
      expect(await cursors.read("second of https://okta.example")).toBe('{"since":2}');
      expect(await cursors.read("first of https://OKTA.example")).toBeUndefined();
    });

    it("keeps a cursor that is written many times at once whole", async () => {
      const { cursors } = store;
      const values = Array.from({ length: 20 }, (_, at) => `${at} ${"x".repeat(8000)}`);
      await Promise.all(values.map((value) => cursors.keep("busy", value)));
      expect(values).toContain(await cursors.read("busy"));
    });
  });
}
