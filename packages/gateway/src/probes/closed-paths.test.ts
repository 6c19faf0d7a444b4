import { describe, expect, it } from "vitest";
import fc from "@mayfly/testing/fast-check.ts";
import type { KnownPaths, Place } from "../kernel/known-paths.ts";
import { requesterKey } from "../kernel/requester.ts";
import { closedPaths, closedPathsOf, pathsOfReport } from "./closed-paths.ts";
import type { KeptPath } from "./store.ts";
import { bot, targetOf } from "./testing/harness.ts";
import { placesOf, targetDigest } from "./told.ts";
import { connectionVerdicts, type ProbedEndpoint, type ToldEndpoint } from "./types.ts";
import type { Judged, JudgedConnection } from "./verdict.ts";

const minute = 60_000;
const now = Date.UTC(2026, 5, 1);
const probe = "pr_0000000000000000";
const place: ProbedEndpoint = {
  host: "db.internal",
  port: 5432,
  speaks: "postgres",
  database: "shop",
  user: "mayfly",
};
const target = targetDigest([place]);
const placesAt = (more: Partial<ToldEndpoint> = {}): readonly string[] =>
  placesOf({ ...place, addresses: ["10.0.0.7"], ...more });

/** What is kept of orders-db: closed ten minutes ago, by the second report, where nothing else is said. */
const own = (more: Partial<KeptPath> = {}): KeptPath => ({
  connection: "orders-db",
  verdict: "closed",
  probe,
  reportedAt: now - 10 * minute,
  arrival: 2,
  target,
  places: placesAt(),
  why: [],
  ...more,
});
/** What is kept of no connection. */
function besides(more: Partial<KeptPath> = {}): KeptPath {
  const { connection: _, ...rest } = own({ target: "", places: [], ...more });
  return rest;
}
/** Another connection that leads to the same server, and was found open by the same report. */
const beside = (more: Partial<KeptPath> = {}): KeptPath =>
  own({ connection: "billing-db", verdict: "open", ...more });
const of = (
  paths: readonly KeptPath[],
  more: Partial<Parameters<typeof closedPathsOf>[1]> = {},
): KnownPaths => closedPathsOf(paths, { connection: "orders-db", target, at: now, ...more });
const why = (words: string): KnownPaths => ({ why: words });
const closed: KnownPaths = { closedAt: now - 10 * minute, probe };
const unclosed = ["open", "open_with_credential", "undecided"] as const;
const words = { open: "open", open_with_credential: "open", undecided: "undecided" } as const;

describe("the paths to a connection are closed", () => {
  it.each(["closed", "no_address"] as const)(
    "where the last report has it %s, at the time and by the probe of that report",
    (verdict) => {
      expect(of([own({ verdict }), besides()])).toEqual(closed);
      expect(of([besides(), own({ verdict, probe: "pr_1", reportedAt: 7 })])).toEqual({
        closedAt: 7,
        probe: "pr_1",
      });
    },
  );

  it.each<[string, Partial<KeptPath>]>([
    ["is closed", { verdict: "closed" }],
    ["has no address", { verdict: "no_address" }],
    ["was open by an earlier report", { arrival: 1 }],
    // The clock of the gateway that took that one was ahead.
    ["was open by an earlier report with a later time", { arrival: 1, reportedAt: now }],
    ["leads to another port of the same server", { places: placesAt({ port: 5433 }) }],
    ["leads to another server", { places: placesAt({ host: "db2.internal", addresses: ["10.0.0.8"] }) }],
    ["leads nowhere", { places: [] }],
  ])("where another connection %s", (_, more) => {
    expect(of([own(), besides(), beside(more)])).toEqual(closed);
  });
});

describe("the paths to a connection are not closed, for this alone:", () => {
  it("nothing is kept of it", () => {
    const other = own({ connection: "billing-db" });
    for (const paths of [[], [besides()], [other, besides()]])
      expect(of(paths)).toEqual(why("the last probe from here was not of orders-db"));
  });

  it.each(unclosed)("its own row is %s", (verdict) => {
    expect(of([own({ verdict }), besides()])).toEqual(
      why(`orders-db was found ${words[verdict]} from here 10m ago`),
    );
    expect(of([own({ verdict, reportedAt: now + 5 }), besides()])).toEqual(
      why(`orders-db was found ${words[verdict]} from here 0s ago`),
    );
  });

  it("nobody knows where it leads now", () => {
    expect(of([own(), besides()], { target: undefined })).toEqual(why("nobody knows where orders-db leads"));
  });

  it.each<[string, readonly ProbedEndpoint[]]>([
    ["another host", [{ ...place, host: "db2.internal" }]],
    ["another port", [{ ...place, port: 5433 }]],
    ["another database", [{ ...place, database: "shop2" }]],
    ["another user", [{ ...place, user: "root" }]],
    ["another language", [{ ...place, speaks: "https" }]],
    ["one more endpoint", [place, { ...place, host: "db2.internal" }]],
    ["no endpoint any more", []],
  ])("its target has %s since", (_, places) => {
    expect(of([own(), besides()], { target: targetDigest(places) })).toEqual(
      why("orders-db leads elsewhere since it was probed 10m ago"),
    );
  });

  describe("another connection that leads to the same server", () => {
    it.each(unclosed)("is %s by the same report, or one that came later", (verdict) => {
      const said = why(
        `billing-db, which leads to the same server, was found ${words[verdict]} from here 10m ago`,
      );
      for (const arrival of [2, 3])
        expect(of([own(), besides(), beside({ verdict, arrival })])).toEqual(said);
    });

    it("is open by a report that came later with an earlier time", () => {
      // The clock of the gateway that took this one was behind.
      expect(of([own(), besides(), beside({ arrival: 3, reportedAt: now - 60 * minute })])).toEqual(
        why("billing-db, which leads to the same server, was found open from here 1h ago"),
      );
    });

    it.each<[string, Partial<ToldEndpoint>]>([
      ["name alone", { addresses: ["10.0.0.8"] }],
      ["name alone, in capitals", { host: "DB.Internal", addresses: [] }],
      ["address alone", { host: "db2.internal" }],
      ["address alone, written otherwise", { host: "db2.internal", addresses: ["::ffff:10.0.0.7"] }],
      ["one of many addresses", { host: "db2.internal", addresses: ["10.0.0.8", "10.0.0.7"] }],
      ["address as its name", { host: "10.0.0.7", addresses: [] }],
    ])("is open, and has the %s in common", (_, more) => {
      expect(of([own(), besides(), beside({ places: placesAt(more) })])).toMatchObject({
        why: expect.stringMatching(/^billing-db, which leads to the same server, was found open/) as string,
      });
    });
  });

  it.each(["open", "undecided"] as const)("another way is %s, and is named", (verdict) => {
    const names = ["metadata: 1", "proxy: 2"];
    expect(of([own(), besides({ verdict, why: names })])).toEqual(
      why(`another way was found ${verdict} from here: metadata: 1, proxy: 2`),
    );
    // The row is of whatever report came last, whichever connections that was of.
    for (const more of [{ arrival: 1, reportedAt: 0 }, { arrival: 9 }])
      expect(of([besides({ verdict, ...more }), own()])).toHaveProperty("why");
  });

  it("nothing says whether another way is open", () => {
    expect(of([own()])).toEqual(why("whether another way is open from here is not known"));
  });

  it("its report is of a time more than a minute ahead", () => {
    const ahead = (ms: number): KnownPaths => of([own({ reportedAt: now + ms }), besides()]);
    expect(ahead(minute + 1)).toEqual(why("the last probe from here has a time that is still to come"));
    expect(ahead(minute)).toEqual({ closedAt: now + minute, probe });
  });
});

it("whatever else is kept, what is closed has a row of its own that is closed, and none that gainsays it", () => {
  const path = fc.record({
    verdict: fc.constantFrom(...connectionVerdicts),
    probe: fc.constantFrom("pr_1", "pr_2"),
    reportedAt: fc.integer({ min: now - 3 * minute, max: now + 2 * minute }),
    arrival: fc.nat(3),
    target: fc.constantFrom(target, "other"),
    places: fc.subarray(["5432 a", "5432 b"]),
    why: fc.constant([]),
  });
  const names = fc.constantFrom("", "orders-db", "billing-db", "shop");
  const rows = fc.uniqueArray(fc.tuple(names, path), { selector: ([name]) => name });
  const kept = rows.map((all) =>
    all.map(([name, row]): KeptPath => (name === "" ? row : { ...row, connection: name })),
  );
  const isClosed = ({ verdict }: KeptPath): boolean => verdict === "closed" || verdict === "no_address";
  const seen = { closed: 0, open: 0 };
  fc.assert(
    fc.property(kept, (paths) => {
      const mine = paths.find(({ connection }) => connection === "orders-db");
      const none = paths.find(({ connection }) => connection === undefined);
      const shares = ({ places }: KeptPath): boolean =>
        mine !== undefined && places.some((each) => mine.places.includes(each));
      const gainsaid = paths.filter(
        (each) =>
          each.connection !== undefined &&
          each !== mine &&
          !isClosed(each) &&
          shares(each) &&
          each.arrival >= (mine?.arrival ?? 0),
      );
      const may =
        mine !== undefined &&
        isClosed(mine) &&
        mine.target === target &&
        mine.reportedAt <= now + minute &&
        none?.verdict === "closed" &&
        gainsaid.length === 0;
      const known = of(paths);
      expect("closedAt" in known && [known.closedAt, known.probe]).toEqual(
        may && [mine.reportedAt, mine.probe],
      );
      seen[may ? "closed" : "open"] += 1;
    }),
    { numRuns: 3000 },
  );
  expect(seen.closed).toBeGreaterThan(20);
  expect(seen.open).toBeGreaterThan(20);
});

describe("what a report says", () => {
  const facts = { probe, reportedAt: now };
  const judged = (connection: string, verdict: JudgedConnection["verdict"]): JudgedConnection => ({
    connection,
    verdict,
    open: ["proxy: p"],
    undecided: [],
  });
  const pathsOf = (
    more: Partial<Judged>,
    told: Parameters<typeof pathsOfReport>[1] = [],
  ): ReturnType<typeof pathsOfReport> =>
    pathsOfReport({ verdict: "closed", connections: [], open: [], undecided: [], ...more }, told, facts);

  it("of each connection is its verdict, and where it led as it was told", () => {
    const orders = targetOf("orders-db", "10.0.0.7");
    const [endpoint] = orders.endpoints;
    const second = { host: "10.0.0.9", port: 1, speaks: "https", addresses: ["10.0.0.9"] } as const;
    const endpoints = endpoint === undefined ? [] : [{ ...endpoint, reached: [] }, second];
    expect(
      pathsOf({ connections: [judged("orders-db", "open"), judged("gone-db", "undecided")] }, [
        targetOf("billing-db", "10.0.0.8"),
        { ...orders, endpoints },
      ]),
    ).toEqual([
      { ...facts, verdict: "closed", target: "", places: [], why: [] },
      {
        ...facts,
        connection: "orders-db",
        verdict: "open",
        target: targetDigest(endpoints),
        places: ["5432 orders-db.internal", "5432 10.0.0.7", "1 10.0.0.9"],
        why: [],
      },
      // One that was gone before it could be told leads nowhere.
      {
        ...facts,
        connection: "gone-db",
        verdict: "undecided",
        target: targetDigest([]),
        places: [],
        why: [],
      },
    ]);
  });

  it.each<[string, Partial<Judged>, string, readonly string[]]>([
    ["closed, where there are none", {}, "closed", []],
    ["open", { open: ["a"], undecided: ["b"] }, "open", ["a"]],
    ["undecided", { undecided: ["b"] }, "undecided", ["b"]],
    ["open, of which three are named", { open: ["a", "b", "c", "d"] }, "open", ["a", "b", "c"]],
    [
      "undecided, of which three are named",
      { undecided: ["a", "b", "c", "d"] },
      "undecided",
      ["a", "b", "c"],
    ],
  ])("of the ways of no connection is one row: %s", (_, more, verdict, named) => {
    expect(pathsOf(more)).toEqual([{ ...facts, verdict, target: "", places: [], why: named }]);
    // What is open to connections alone is theirs.
    const connections = [judged("orders-db", "open")];
    expect(pathsOf({ ...more, verdict: "open", connections })[0]).toMatchObject({ verdict, why: named });
  });

  it("is whole, however many connections there are", () => {
    const connections = Array.from({ length: 700 }, (_, at) => judged(`c${at}`, "closed"));
    const paths = pathsOf({ connections });
    expect(paths.map(({ connection }) => connection)).toEqual([
      undefined,
      ...connections.map(({ connection }) => connection),
    ]);
  });
});

describe("whoever asks", () => {
  interface World {
    readonly kept?: readonly KeptPath[];
    readonly isProbed?: boolean;
    readonly endpoints?: readonly ProbedEndpoint[] | undefined;
  }
  async function look(
    from: Place,
    { kept = [own(), besides()], isProbed = false, ...world }: World = {},
  ): Promise<{ readonly known: KnownPaths; readonly asked: readonly unknown[] }> {
    const asked: unknown[] = [];
    const endpoints = "endpoints" in world ? world.endpoints : [place];
    const find = closedPaths({
      store: {
        async paths(...given) {
          asked.push(given);
          return kept;
        },
        async isProbedFrom(given) {
          asked.push(given);
          return isProbed;
        },
      },
      endpointsOf: (connection) => (connection === "orders-db" ? endpoints : []),
      now: () => now,
    });
    return { known: await find({ requester: bot, from, connection: "orders-db" }), asked };
  }
  const requester = requesterKey(bot);
  const keyed: Place = { address: "10.9.9.9", key: "k" };
  const bearer: Place = { address: "10.9.9.9" };

  it.each([keyed, bearer, { address: "2001:db8::1" }])("from %j is looked up by just that", async (from) => {
    expect(await look(from)).toEqual({ known: closed, asked: [[{ requester, ...from }, "orders-db"]] });
  });

  it.each<[string, Place, boolean, string]>([
    ["nobody probed from there", keyed, false, "no probe from here is known"],
    ["nobody probed from there, of a bearer token", bearer, false, "no probe from here is known"],
    [
      "the report came under another key, or none",
      keyed,
      true,
      "no probe from here was signed with the key that this token is bound to",
    ],
    [
      "the report came under a key, and the token is bound to none",
      bearer,
      true,
      "the probe from here was reported under a key, and this token is bound to none",
    ],
  ])("is told that %s", async (_, from, isProbed, said) => {
    expect(await look(from, { kept: [], isProbed })).toEqual({
      known: why(said),
      asked: [[{ requester, ...from }, "orders-db"], { requester, ...from }],
    });
  });

  it("of a connection whose target has moved, or that nobody knows, is told so", async () => {
    expect((await look(keyed, { endpoints: [{ ...place, port: 1 }] })).known).toEqual(
      why("orders-db leads elsewhere since it was probed 10m ago"),
    );
    expect((await look(keyed, { endpoints: undefined })).known).toEqual(
      why("nobody knows where orders-db leads"),
    );
  });

  it("learns that the store does not answer", async () => {
    const find = closedPaths({
      store: { paths: () => Promise.reject(new Error("away")), isProbedFrom: async () => false },
      endpointsOf: () => [place],
      now: () => now,
    });
    await expect(find({ requester: bot, from: keyed, connection: "orders-db" })).rejects.toThrow("away");
  });
});
