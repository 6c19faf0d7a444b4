import { describe, expect, it } from "vitest";
import type {
  KeptOffer,
  KeptReport,
  KeptStart,
  ProbedFrom,
  ProbedPath,
  ReportBound,
} from "../../probes/store.ts";
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

const path = (connection: string, reportedAt: number, more: Partial<ProbedPath> = {}): ProbedPath => ({
  ...(connection === "" ? {} : { connection }),
  verdict: "closed",
  probe: "pr_0000000000000000",
  reportedAt,
  target: connection === "" ? "" : "t".repeat(64),
  places: connection === "" ? [] : ["5432 10.0.0.7"],
  why: [],
  ...more,
});
/** A report of which policies learn nothing. */
const shown = (of: ProbedHost): KeptReport => ({ host: of, paths: [] });

/** Tells of each report which ones it was put together with, in its open ways. */
const bound: ReportBound = {
  maxHosts: 3,
  maxPlaces: 3,
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
      paths: readonly ProbedPath[] = [],
    ): Promise<void> {
      const { probes } = store;
      const { requester: _, ...facts } = more;
      await probes.offer(offer(id), many);
      await probes.start(id, start(`n-${id}`, more), 0);
      await probes.claim(id, at);
      await probes.keep(id, { host: host(id, at, facts), paths }, bound);
    }
    const listed = async (): Promise<readonly string[]> =>
      (await store.probes.hosts(500)).map(({ probe }) => probe);
    /** Those of them that are listed: each with those that it was put together with. */
    const merged = async (...ids: readonly string[]): Promise<readonly unknown[]> =>
      (await store.probes.hosts(500))
        .filter(({ probe }) => ids.includes(probe))
        .map(({ probe, open }) => [probe, open]);
    let number = 0;
    /** Keeps what a report of a host says, for policies. */
    async function told({ key, ...from }: ProbedFrom, ...paths: readonly ProbedPath[]): Promise<void> {
      number += 1;
      const more = { ...from, ...(key === undefined ? {} : { key }) };
      await reported(`pr_path_${number}`, paths[0]?.reportedAt ?? 0, more, paths);
    }
    /** What is kept of a host for a connection: name and time of each. */
    const kept = async (from: ProbedFrom, connection = "orders-db"): Promise<readonly unknown[]> =>
      (await store.probes.paths(from, connection)).map(({ connection: of = "", reportedAt }) => [
        of,
        reportedAt,
      ]);

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
      await probes.keep("pr_b", shown(host("pr_b", 2)), bound);
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
      await probes.keep("pr_u", shown(host("pr_u", 3)), bound);
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

    it("keeps what is reported under each key apart, and replaces what came under the same", async () => {
      // A host's own name is what it says: another key is another host.
      const ids = ["pr_k", "pr_l", "pr_m", "pr_n", "pr_o"];
      await reported("pr_k", 20, { requester: "keyed", key: "one" });
      await reported("pr_l", 21, { requester: "keyed", key: "two" });
      await reported("pr_m", 22, { requester: "keyed" });
      expect(await merged(...ids)).toEqual([
        ["pr_m", []],
        ["pr_l", []],
        ["pr_k", []],
      ]);
      await reported("pr_n", 23, { requester: "keyed", key: "one" });
      await reported("pr_o", 24, { requester: "keyed" });
      expect(await merged(...ids)).toEqual([
        ["pr_o", ["pr_m"]],
        ["pr_n", ["pr_k"]],
        ["pr_l", []],
      ]);
      const hosts = (await store.probes.hosts(500)).filter(({ probe }) => ids.includes(probe));
      expect(hosts.map(({ key }) => key)).toEqual([undefined, "one", "two"]);
    });

    it("puts a report together with what is no newer, newest first, and leaves what is newer alone", async () => {
      // The clocks of two gateways differ.
      const ids = ["pr_w", "pr_x", "pr_y"];
      await reported("pr_w", 42, { requester: "skewed" });
      await reported("pr_x", 41, { requester: "skewed" });
      expect(await merged(...ids)).toEqual([
        ["pr_w", []],
        ["pr_x", []],
      ]);
      await reported("pr_y", 42, { requester: "skewed" });
      expect(await merged(...ids)).toEqual([["pr_y", ["pr_w", "pr_x"]]]);
    });

    describe("of what policies ask for", () => {
      it("keeps all of a path, and finds a connection's own, that of none, and what is not closed", async () => {
        const from = { requester: "asked", address: "10.0.0.7" };
        const paths = [
          path("", 50, { verdict: "open", why: ["metadata: m"] }),
          path("closed-db", 50),
          path("here-db", 50, { verdict: "no_address", places: [] }),
          path("open-db", 50, { verdict: "open" }),
          path("orders-db", 50, { places: ["5432 db", "5432 10.0.0.7"] }),
          path("risky-db", 50, { verdict: "open_with_credential" }),
          path("unsure-db", 50, { verdict: "undecided" }),
        ];
        await told(from, ...paths);
        const found = (connection: string): Promise<readonly unknown[]> =>
          store.probes.paths(from, connection);
        const arrived = (...names: readonly string[]): readonly object[] =>
          paths
            .filter(({ connection = "" }) => names.includes(connection))
            .map((each) => ({ ...each, arrival: 1 }));
        const always = ["", "open-db", "risky-db", "unsure-db"];
        expect(await found("orders-db")).toEqual(arrived("orders-db", ...always));
        expect(await found("here-db")).toEqual(arrived("here-db", ...always));
        expect(await found("open-db")).toEqual(arrived(...always));
        expect(await found("none-db")).toEqual(arrived(...always));
        expect(await found("")).toEqual(arrived(...always));
      });

      it("has what arrives last count, also with an earlier time, and leaves the rest as it was", async () => {
        const from = { requester: "last", address: "10.0.0.7" };
        const rows = async (): Promise<readonly unknown[]> =>
          (await store.probes.paths(from, "orders-db")).map((each) => [
            each.connection,
            each.verdict,
            each.reportedAt,
            each.probe,
            each.arrival,
          ]);
        const open = { verdict: "open", probe: "pr_later" } as const;
        await told(from, path("", 500), path("orders-db", 500), path("billing-db", 500, { verdict: "open" }));
        await told(from, path("", 60, open), path("orders-db", 60, open));
        expect(await rows()).toEqual([
          [undefined, "open", 60, "pr_later", 2],
          ["billing-db", "open", 500, "pr_0000000000000000", 1],
          ["orders-db", "open", 60, "pr_later", 2],
        ]);
        // What is closed again is gone from what stands open, and other members are replaced too.
        await told(from, path("", 61), path("billing-db", 61));
        expect(await rows()).toEqual([
          [undefined, "closed", 61, "pr_0000000000000000", 3],
          ["orders-db", "open", 60, "pr_later", 2],
        ]);
        await told(from, path("", 62), path("orders-db", 62, { target: "elsewhere", places: ["1 a"] }));
        expect(await store.probes.paths(from, "orders-db")).toContainEqual({
          ...path("orders-db", 62, { target: "elsewhere", places: ["1 a"] }),
          arrival: 4,
        });
      });

      it("keeps each requester, address and key apart", async () => {
        const at = { requester: "apart", address: "10.0.0.7" };
        const froms: readonly ProbedFrom[] = [
          at,
          { ...at, key: "one" },
          { ...at, address: "10.0.0.8" },
          { ...at, requester: "apart-too" },
        ];
        for (const [more, from] of froms.entries())
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await told(from, path("", 70 + more), path("orders-db", 70 + more));
        for (const [more, from] of froms.entries())
          // oxlint-disable-next-line no-await-in-loop -- as above
          expect(await kept(from)).toEqual([
            ["", 70 + more],
            ["orders-db", 70 + more],
          ]);
        expect(await kept({ ...at, key: "two" })).toEqual([]);
      });

      it("knows whether anybody probed from an address, under whatever key", async () => {
        const at = { requester: "from", address: "10.0.0.7" };
        const isFrom = (more: Partial<ProbedFrom>): Promise<boolean> =>
          store.probes.isProbedFrom({ ...at, ...more });
        expect(await isFrom({})).toBe(false);
        await told({ ...at, key: "one" }, path("", 80));
        expect(await Promise.all([isFrom({}), isFrom({ key: "one" }), isFrom({ key: "two" })])).toEqual([
          true,
          true,
          true,
        ]);
        expect(
          await Promise.all([isFrom({ address: "10.0.0.8" }), isFrom({ requester: "fro", key: "one" })]),
        ).toEqual([false, false]);
      });

      it("forgets the oldest hosts of a requester beyond the bound, each whole, and nobody else's", async () => {
        const at = (address: string, key?: string): ProbedFrom => ({
          requester: "fleet",
          address,
          ...(key === undefined ? {} : { key }),
        });
        const others = { requester: "fleet-2", address: "10.0.0.1" };
        await told(others, path("", 1), path("orders-db", 1));
        // The oldest has what is newest of all, but not by its last report.
        await told(at("10.0.0.1"), path("", 95), path("billing-db", 99, { verdict: "open" }));
        await told(at("10.0.0.1"), path("", 90), path("orders-db", 90));
        await told(at("10.0.0.1", "one"), path("", 91), path("orders-db", 91));
        await told(at("10.0.0.2"), path("", 92), path("orders-db", 92));
        expect(await kept(at("10.0.0.1"))).toEqual([
          ["", 90],
          ["billing-db", 99],
          ["orders-db", 90],
        ]);
        await told(at("10.0.0.3"), path("", 93), path("orders-db", 93));
        expect(await kept(at("10.0.0.1"))).toEqual([]);
        for (const [from, time] of [
          [at("10.0.0.1", "one"), 91],
          [at("10.0.0.2"), 92],
          [at("10.0.0.3"), 93],
          [others, 1],
        ] as const)
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          expect(await kept(from)).toEqual([
            ["", time],
            ["orders-db", time],
          ]);
        // One that is probed again is the newest.
        await told(at("10.0.0.1", "one"), path("", 94));
        await told(at("10.0.0.4"), path("", 95));
        expect(await kept(at("10.0.0.2"))).toEqual([]);
        expect(await kept(at("10.0.0.1", "one"))).toEqual([
          ["", 94],
          ["orders-db", 91],
        ]);
      });

      it("keeps as many connections of a report as there are, in one or several statements", async () => {
        const from = { requester: "wide", address: "10.0.0.7" };
        const paths = Array.from({ length: 1001 }, (_, at) => path(`c${at}`, 100, { verdict: "open" }));
        await told(from, path("", 100), ...paths);
        expect(await store.probes.paths(from, "c0")).toHaveLength(1002);
      });

      it("takes whatever a text holds", async () => {
        const odd = "a\0b'\"\\\u{1F600}";
        const from = { requester: odd, address: odd, key: odd };
        const paths = [
          path("", 110, { verdict: "open", why: [odd] }),
          path(odd, 110, { target: odd, places: [odd] }),
        ];
        await reported("pr_odd", 110, { ...from, host: odd }, paths);
        expect((await store.probes.hosts(500)).find(({ probe }) => probe === "pr_odd")).toMatchObject({
          host: odd,
        });
        // A column of its own holds no NUL.
        const columns = { connection: odd.replace("\0", "\u{FFFD}") };
        expect(await store.probes.paths(from, odd)).toEqual([
          { ...paths[0], arrival: 1 },
          { ...paths[1], ...columns, arrival: 1 },
        ]);
        expect(await store.probes.isProbedFrom(from)).toBe(true);
      });

      it("keeps a report and its paths together, or neither", async () => {
        const from = { requester: "torn", address: "10.0.0.7" };
        await told(from, path("", 120));
        await store.probes.offer(offer("pr_torn"), many);
        await store.probes.start("pr_torn", start("n-torn", from), 0);
        await store.probes.claim("pr_torn", 121);
        const torn = path("orders-db", 121, { verdict: null as never });
        const report = { host: host("pr_torn", 121), paths: [path("", 121), torn] };
        await expect(store.probes.keep("pr_torn", report, bound)).rejects.toThrow(/null/i);
        expect(await kept(from)).toEqual([["", 120]]);
        expect(await listed()).not.toContain("pr_torn");
        await store.probes.unclaim("pr_torn");
        expect(await store.probes.claim("pr_torn", 122)).toBe(true);
        await store.probes.keep("pr_torn", { ...report, paths: [path("", 121)] }, bound);
        expect(await kept(from)).toEqual([["", 121]]);
      });

      it("forgets what was reported before a time", async () => {
        const [older, newer] = ["10.0.0.7", "10.0.0.8"].map((address) => ({ requester: "aged", address }));
        if (older === undefined || newer === undefined) throw new Error("two hosts are made");
        await told(older, path("", 130), path("orders-db", 130));
        await told(newer, path("", 131), path("orders-db", 131));
        await store.probes.forget({ endedBefore: 0, reportedBefore: 131 });
        expect([await kept(older), await store.probes.isProbedFrom(older)]).toEqual([[], false]);
        expect(await kept(newer)).toEqual([
          ["", 131],
          ["orders-db", 131],
        ]);
      });
    });
  });
}
