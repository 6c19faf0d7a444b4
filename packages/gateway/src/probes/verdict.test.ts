import { describe, expect, it } from "vitest";
import { plainAddress } from "../kernel/addresses.ts";
import {
  isBorneOut,
  type FoundNow,
  type KeptEndpoint,
  type KeptTarget,
  type ProbeWay,
  type TargetState,
  wayFindings,
} from "./types.ts";
import { placeKey } from "./places.ts";
import { judgeReport, type Reported } from "./verdict.ts";

const both = ["10.0.0.7", "2001:db8::7"];

/** What the gateway finds when the report comes. */
const found = (state?: TargetState, reached: readonly string[] = both): FoundNow => ({
  states: new Map(state === undefined ? [] : [["orders-db", state]]),
  reached: new Set(reached.map((address) => placeKey(address, 5432))),
});

const target = (more: Partial<KeptTarget> = {}): KeptTarget => ({
  connection: "orders-db",
  protocol: "postgres",
  state: "up",
  endpoints: [{ host: "db.internal", port: 5432, speaks: "postgres", addresses: both, reached: both }],
  ...more,
});

const way = (more: Partial<ProbeWay> = {}): ProbeWay => ({
  connection: "orders-db",
  to: "10.0.0.7:5432",
  by: "address 10.0.0.7",
  kind: "direct",
  address: "10.0.0.7",
  port: 5432,
  outcome: "closed",
  found: "timeout",
  detail: "",
  ...more,
});
const v6 = (more: Partial<ProbeWay> = {}): ProbeWay => way({ address: "2001:db8::7", by: "v6", ...more });
const open = { outcome: "open", found: "answered" } as const;
const doubt = { outcome: "undecided", found: "silent" } as const;

const judge = (more: Partial<Reported> = {}): ReturnType<typeof judgeReport> =>
  judgeReport({
    told: [target()],
    gone: [],
    now: found("up"),
    address: "10.9.9.9",
    ways: [way(), v6()],
    ...more,
  });
const verdictOf = (more: Partial<Reported> = {}): readonly unknown[] => {
  const { verdict, connections } = judge(more);
  return [verdict, ...connections.map((each) => each.verdict)];
};

describe("a connection", () => {
  it("is closed where every address was tried and is closed, and the target was up all along", () => {
    expect(judge()).toEqual({
      verdict: "closed",
      connections: [{ connection: "orders-db", verdict: "closed", open: [], undecided: [] }],
      open: [],
      undecided: [],
    });
  });

  it.each<[string, Partial<Reported>, string]>([
    ["one address was not tried", { ways: [way()] }, "[2001:db8::7]:5432 was not shown to be closed"],
    ["nothing was tried", { ways: [] }, "10.0.0.7:5432 was not shown to be closed"],
    ["another port was tried", { ways: [way(), v6({ port: 5433 })] }, "was not shown to be closed"],
    ["an address was tried by a proxy alone", { ways: [way(), v6({ kind: "proxy" })] }, "was not shown"],
    ["a way is undecided", { ways: [way(), v6(), way({ ...doubt, by: "again" })] }, "again: 10.0.0.7:5432"],
    ["the target was down at the start", { told: [target({ state: "down" })] }, "down when the probe began"],
    ["its state was unknown", { told: [target({ state: "unknown" })] }, "unknown when the probe began"],
    ["the target is down now", { now: found("down") }, "down when it was reported"],
    ["it was taken out meanwhile", { now: found() }, "unknown when it was reported"],
    ["nobody knows where it is", { told: [target({ endpoints: [], isUnknown: true })] }, "nobody here knows"],
    [
      "its name has no address",
      { told: [target({ endpoints: [{ host: "gone", port: 1, speaks: "http", addresses: [] }] })] },
      "gone:1 has no address at the gateway",
    ],
    [
      "addresses were left out",
      {
        told: [
          target({
            endpoints: [{ host: "db", port: 5432, speaks: "postgres", addresses: ["10.0.0.7"], leftOut: 2 }],
          }),
        ],
      },
      "db has 2 more addresses",
    ],
  ])("is undecided where %s", (_, more, why) => {
    expect(verdictOf(more)).toEqual(["undecided", "undecided"]);
    expect(judge(more).connections[0]?.undecided.join("\n")).toContain(why);
  });

  it("is open where any way is, by a proxy as well, whatever else is closed or in doubt", () => {
    const proxy = way({ ...open, kind: "proxy", by: "proxy HTTPS_PROXY", address: undefined });
    expect(verdictOf({ ways: [way(), v6(), proxy] })).toEqual(["open", "open"]);
    expect(verdictOf({ ways: [proxy], told: [target({ state: "down" })] })).toEqual(["open", "open"]);
    expect(judge({ ways: [proxy] }).connections[0]?.open).toEqual(["proxy HTTPS_PROXY: 10.0.0.7:5432"]);
  });

  it("is open with a credential where one lies there for a way that is open", () => {
    const key = { credentials: ["~/.pgpass"] };
    expect(verdictOf({ ways: [way({ ...open, ...key })] })).toEqual(["open", "open_with_credential"]);
    expect(verdictOf({ ways: [way(key), v6(key)] })).toEqual(["closed", "closed"]);
  });

  it("has no address where the gateway starts the target itself", () => {
    const told = [target({ endpoints: [] })];
    expect(verdictOf({ told, ways: [], now: found() })).toEqual(["undecided", "no_address"]);
    expect(verdictOf({ told, ways: [way(open)] })).toEqual(["open", "open"]);
    expect(verdictOf({ told, ways: [way(doubt)] })).toEqual(["undecided", "undecided"]);
    // Beside one that is closed it takes nothing away.
    const two = [target(), target({ connection: "files", endpoints: [] })];
    expect(verdictOf({ told: two })).toEqual(["closed", "closed", "no_address"]);
  });

  it("takes what was found at its address for another connection, or for none", () => {
    expect(verdictOf({ ways: [way({ connection: undefined }), v6({ connection: "copy" })] })).toEqual([
      "closed",
      "closed",
    ]);
    expect(verdictOf({ ways: [way(), v6(), way({ connection: "copy", ...open })] })).toEqual([
      "open",
      "open",
    ]);
  });

  it("reads addresses however they are written", () => {
    const ways = [way({ address: "::ffff:10.0.0.7" }), v6({ address: "2001:DB8:0::7" })];
    expect(verdictOf({ ways })).toEqual(["closed", "closed"]);
    expect(verdictOf({ ways: [way({ address: "10.0.0.70" }), v6()] })).toEqual(["undecided", "undecided"]);
  });
});

describe("an address that the gateway could not connect to itself", () => {
  const kept = (reached?: readonly string[]): KeptTarget =>
    target({
      endpoints: [
        { host: "db", port: 5432, speaks: "postgres", addresses: both, ...(reached ? { reached } : {}) },
      ],
    });
  const why = "the gateway itself could not connect to [2001:db8::7]:5432";
  const one = ["10.0.0.7"];

  it.each<[string, Partial<Reported>]>([
    ["when the probe began", { told: [kept(one)] }],
    ["when it was reported", { now: found("up", one) }],
    ["at another port", { now: { ...found("up", one), reached: new Set(["5433 2001:db8::7"]) } }],
    ["as nothing says so", { told: [kept()] }],
  ])("is not closed by a refusal: %s", (_, more) => {
    for (const what of ["refused", "timeout", "rejected"] as const) {
      const ways = [way(), v6({ found: what })];
      expect(verdictOf({ ways, ...more })).toEqual(["undecided", "undecided"]);
      expect(judge({ ways, ...more }).connections[0]?.undecided).toContain(why);
    }
  });

  it("is closed by what needs nobody to be there, unless a refusal came as well", () => {
    for (const what of ["unreachable", "denied", "no_name"] as const) {
      const ways = [way(), v6({ found: what })];
      expect(verdictOf({ ways, now: found("up", one) })).toEqual(["closed", "closed"]);
      expect(verdictOf({ ways: [...ways, v6()], now: found("up", one) })).toContain("undecided");
    }
  });
});

describe("what listens at the gateway's own machine", () => {
  const own = ["10.0.0.1", "2001:db8::1"];
  const told = (loopback: string, more: Partial<KeptEndpoint> = {}): readonly KeptTarget[] => [
    target({
      endpoints: [
        {
          host: "localhost",
          port: 5432,
          speaks: "postgres",
          addresses: [loopback, ...own],
          reached: [loopback],
          own,
          ...more,
        },
      ],
    }),
  ];
  const refused = (address: string): ProbeWay => way({ connection: undefined, address, found: "refused" });
  const all = own.map(refused);

  it.each(["127.0.0.1", "127.9.9.9", "::1", "0.0.0.0", "::", "::ffff:127.0.0.1", "::ffff:0.0.0.0"])(
    "at %s, is closed by the machine's other addresses, each of them",
    (loopback) => {
      const at = { told: told(loopback), now: found("up", [loopback]) };
      expect(verdictOf({ ...at, ways: all })[1]).toBe("closed");
      const beside = refused("10.0.0.99");
      expect(verdictOf({ ...at, ways: [refused(loopback), beside] })[1]).toBe("undecided");
      expect(verdictOf({ ...at, ways: [...all.slice(1), refused(loopback), beside] })[1]).toBe("undecided");
      // The gateway has to find it where it listens, at both times.
      expect(verdictOf({ ...at, now: found("up", own), ways: all })[1]).toBe("undecided");
      expect(verdictOf({ ...at, told: told(loopback, { reached: own }), ways: all })[1]).toBe("undecided");
      // Whoever probes at the gateway's machine dials the same address, by whatever address they come.
      for (const address of ["127.0.0.1", "::1", "10.0.0.1"]) {
        expect(verdictOf({ ...at, address, ways: all })[1]).toBe("undecided");
        expect(verdictOf({ ...at, address, ways: [refused(loopback)] })[1]).toBe("undecided");
        expect(verdictOf({ ...at, address, ways: [...all, refused(loopback)] })[1]).toBe("closed");
      }
    },
  );

  it("is never closed where the machine has no other address", () => {
    for (const none of [{ own: [] }, { own: undefined }])
      for (const address of ["10.9.9.9", "127.0.0.1"])
        expect(
          verdictOf({
            told: told("127.0.0.1", { addresses: ["127.0.0.1"], ...none } as Partial<KeptEndpoint>),
            now: found("up", ["127.0.0.1"]),
            address,
            ways: [refused("127.0.0.1"), ...all],
          })[1],
        ).toBe("undecided");
  });
});

it("connections that were gone before they could be told are undecided", () => {
  expect(judge({ gone: ["billing-db"] })).toMatchObject({
    verdict: "undecided",
    connections: [
      { verdict: "closed" },
      {
        connection: "billing-db",
        verdict: "undecided",
        undecided: ["it was not configured any more when the probe began"],
      },
    ],
  });
});

it("reads each address once, however many connections lead there", () => {
  const addresses = Array.from({ length: 64 }, (_, at) => `2001:db8::${at.toString(16)}`);
  const endpoint = { host: "db", port: 5432, speaks: "postgres", addresses, reached: addresses } as const;
  const told = Array.from({ length: 100 }, (_, at) =>
    target({ connection: `c-${at}`, endpoints: [endpoint] }),
  );
  const ways = Array.from({ length: 1000 }, (_, at) =>
    way({ connection: "c-0", address: addresses[at % 64]?.toUpperCase() }),
  );
  let reads = 0;
  const judged = judgeReport(
    {
      told,
      gone: [],
      now: {
        states: new Map(told.map(({ connection }) => [connection, "up"])),
        reached: new Set(addresses.map((address) => placeKey(address, 5432))),
      },
      address: "10.9.9.9",
      ways,
    },
    (written) => {
      reads += 1;
      return plainAddress(written);
    },
  );
  expect(judged.verdict).toBe("closed");
  // 64 as they were told, as many in capitals (54 of which differ), and where the report came from.
  expect(reads).toBeLessThanOrEqual(64 * 2 + 1);
});

describe("a host", () => {
  const beside = (more: Partial<ProbeWay>): ProbeWay =>
    way({
      connection: undefined,
      kind: "metadata",
      by: "metadata address",
      address: undefined,
      to: "m",
      ...more,
    });

  it("is as the worst of its connections and other ways", () => {
    expect(judge({ ways: [way(), v6(), beside({})] }).verdict).toBe("closed");
    expect(judge({ ways: [way(), v6(), beside(doubt)] }).verdict).toBe("undecided");
    expect(judge({ ways: [way(), v6(), beside(doubt), beside(open)] })).toMatchObject({
      verdict: "open",
      connections: [{ verdict: "closed" }],
      open: ["metadata address: m"],
    });
    expect(judge({ ways: [way(), beside(open)] }).verdict).toBe("open");
  });

  it("is undecided where there was nothing to try", () => {
    expect(judge({ told: [], ways: [] }).verdict).toBe("undecided");
    expect(judge({ told: [], ways: [beside({})] }).verdict).toBe("undecided");
    expect(judge({ told: [], ways: [beside(open)] }).verdict).toBe("open");
    const files = [target({ connection: "files", endpoints: [] })];
    expect(judge({ told: files, ways: [beside({})] }).verdict).toBe("closed");
  });
});

it("an outcome follows from what was found", () => {
  const out = (outcome: ProbeWay["outcome"]): readonly string[] =>
    wayFindings.filter((found) => isBorneOut({ outcome, found }));
  expect(out("open")).toEqual(["answered"]);
  expect(out("closed")).toEqual([
    "refused",
    "timeout",
    "unreachable",
    "denied",
    "no_name",
    "rejected",
    "absent",
  ]);
  expect(out("undecided")).toEqual(wayFindings);
});
