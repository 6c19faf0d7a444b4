import { describe, expect, it } from "vitest";
import type { KeptOffer, KeptStart, ReportBound } from "../../probes/store.ts";
import type { ProbedHost, Prober } from "../../probes/types.ts";
import type { Store } from "../store.ts";
import { useStore } from "./use-store.ts";

const offer = (id: string, more: Partial<KeptOffer> = {}): KeptOffer => ({
  id,
  tokenDigest: "t".repeat(64),
  expiresAt: 1000,
  offeredBy: "olaf@example.test",
  connections: ["orders-db"],
  ...more,
});

const prober: Prober = {
  kind: "agent",
  issuer: "https://i",
  subject: "bot",
  client: "bot",
  name: "support-bot",
  groups: [],
  actors: [],
};

const start = (nonceDigest: string, more: Partial<KeptStart> = {}): KeptStart => ({
  nonceDigest,
  reportBy: 2000,
  requester: "bot",
  prober,
  address: "10.0.0.7",
  targets: [{ connection: "orders-db", protocol: "postgres", state: "up", endpoints: [] }],
  ...more,
});

const host = (probe: string, probedAt: number, more: Partial<ProbedHost> = {}): ProbedHost => ({
  probe,
  host: "support-1",
  address: "10.0.0.7",
  principal: prober,
  offeredBy: "olaf@example.test",
  probedAt,
  verdict: "closed",
  connections: [{ connection: "orders-db", verdict: "closed", open: [], undecided: [], probedAt }],
  open: [],
  undecided: [],
  credentials: [],
  ...more,
});

/** Tells of each report which ones it was put together with, in its open ways. */
const bound: ReportBound = {
  maxHosts: 3,
  merge: (kept, earlier) => ({ ...kept, open: [...kept.open, ...earlier.map(({ probe }) => probe)] }),
};

const few = { max: 3, at: 0, refusal: () => new Error("too many") };
const many = { ...few, max: 1000 };

/** What every store has to do with probes. */
export function probeSuite(name: string, open: () => Promise<Store>, done: () => Promise<void>): void {
  describe(`probes on ${name}`, () => {
    let store: Store;
    useStore({ open, done }, (opened) => (store = opened));

    async function reported(
      id: string,
      at: number,
      more: Partial<KeptStart & ProbedHost> = {},
    ): Promise<void> {
      const { probes } = store;
      await probes.offer(offer(id), many);
      await probes.start(id, start(`n-${id}`, more), 0);
      await probes.claim(id, at);
      await probes.keep(id, host(id, at, more), bound);
    }
    const listed = async (): Promise<readonly string[]> =>
      (await store.probes.hosts(500)).map(({ probe }) => probe);

    it("keeps as many offers as may wait, whoever makes them at once", async () => {
      const { probes } = store;
      const made = await Promise.allSettled(
        ["pr_1", "pr_2", "pr_3", "pr_4", "pr_5"].map((id) => probes.offer(offer(id), few)),
      );
      expect(made.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
      // Those that have expired, or are started, wait no longer.
      await probes.offer(offer("pr_6", { expiresAt: 5000 }), { ...few, at: 1000 });
      await probes.forget({ endedBefore: 9000, reportedBefore: 0 });
      expect(await probes.find("pr_6")).toBeUndefined();
    });

    it("lets an offer be started once, by one of those who come at once, and not when it has expired", async () => {
      const { probes } = store;
      await probes.offer(offer("pr_a"), many);
      expect(await probes.find("pr_a")).toEqual({ ...offer("pr_a"), isReported: false });
      expect(await probes.start("pr_a", start("n-late"), 1000)).toBe(false);
      const won = await Promise.all(
        ["n-1", "n-2", "n-3"].map((nonce) => probes.start("pr_a", start(nonce), 999)),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      const digest = `n-${won.indexOf(true) + 1}`;
      expect(await probes.findByNonce(digest)).toEqual({
        ...offer("pr_a"),
        start: start(digest),
        isReported: false,
      });
      expect(await probes.start("pr_none", start("n-none"), 0)).toBe(false);
      expect(await probes.findByNonce("n-none")).toBeUndefined();
    });

    it("takes one report of those that come at once, and none of what was not started", async () => {
      const { probes } = store;
      await probes.offer(offer("pr_b"), many);
      expect(await probes.claim("pr_b", 1)).toBe(false);
      await probes.start("pr_b", start("n-b"), 0);
      const won = await Promise.all([1, 2, 3].map((at) => probes.claim("pr_b", at)));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await probes.findByNonce("n-b")).toMatchObject({ isReported: true });
      expect(await listed()).toEqual([]);
      await probes.keep("pr_b", host("pr_b", 2), bound);
      expect(await probes.hosts(500)).toEqual([host("pr_b", 2)]);
      await probes.forget({ endedBefore: 9000, reportedBefore: 3 });
      expect(await listed()).toEqual([]);
    });

    it("lets a claim be given back until its report is kept", async () => {
      const { probes } = store;
      await probes.offer(offer("pr_u"), many);
      await probes.start("pr_u", start("n-u"), 0);
      expect(await probes.claim("pr_u", 1)).toBe(true);
      await probes.unclaim("pr_u");
      expect(await probes.findByNonce("n-u")).toMatchObject({ isReported: false });
      expect(await probes.claim("pr_u", 2)).toBe(true);
      await probes.keep("pr_u", host("pr_u", 3), bound);
      await probes.unclaim("pr_u");
      expect(await probes.claim("pr_u", 4)).toBe(false);
      await probes.forget({ endedBefore: 9000, reportedBefore: 4 });
    });

    it("keeps the newest report of a requester, address and host", async () => {
      await reported("pr_c", 10);
      await reported("pr_d", 11);
      await reported("pr_e", 12, { address: "10.0.0.8" });
      await reported("pr_f", 13, { host: "support-2" });
      await reported("pr_g", 14, { requester: "other" });
      expect(await listed()).toEqual(["pr_g", "pr_f", "pr_e", "pr_d"]);
      const hosts = await store.probes.hosts(500);
      expect(hosts.map(({ open }) => open)).toEqual([[], [], [], ["pr_c"]]);
    });

    it("keeps as many hosts of a requester as may be, and lists as many as are asked for", async () => {
      await reported("pr_h", 15, { host: "support-3" });
      expect(await listed()).toEqual(["pr_h", "pr_g", "pr_f", "pr_e"]);
      expect((await store.probes.hosts(2)).map(({ probe }) => probe)).toEqual(["pr_h", "pr_g"]);
    });

    it("forgets what is old, and keeps a report whose probe has ended", async () => {
      await store.probes.offer(offer("pr_i", { expiresAt: 20_000 }), many);
      await store.probes.forget({ endedBefore: 10_000, reportedBefore: 14 });
      expect(await listed()).toEqual(["pr_h", "pr_g"]);
      expect(await store.probes.find("pr_i")).toBeDefined();
    });
  });
}
