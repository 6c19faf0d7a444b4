import { describe, expect, it } from "vitest";
import { isBorneOut, type ProbeWay, type ToldTarget, wayFindings } from "./types.ts";
import { judgeReport, type Reported } from "./verdict.ts";

const target = (more: Partial<ToldTarget> = {}): ToldTarget => ({
  connection: "orders-db",
  protocol: "postgres",
  state: "up",
  endpoints: [
    { host: "db.internal", port: 5432, speaks: "postgres", addresses: ["10.0.0.7", "2001:db8::7"] },
  ],
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
    statesNow: new Map([["orders-db", "up"]]),
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
    ["the target is down now", { statesNow: new Map([["orders-db", "down"]]) }, "down when it was reported"],
    ["it was taken out meanwhile", { statesNow: new Map() }, "unknown when it was reported"],
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
    expect(verdictOf({ told, ways: [], statesNow: new Map() })).toEqual(["undecided", "no_address"]);
    expect(verdictOf({ told, ways: [way(open)] })).toEqual(["open", "open"]);
    expect(verdictOf({ told, ways: [way(doubt)] })).toEqual(["undecided", "undecided"]);
    // Beside one that is closed it takes nothing away.
    const both = [target(), target({ connection: "files", endpoints: [] })];
    expect(verdictOf({ told: both })).toEqual(["closed", "closed", "no_address"]);
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

  it("on the gateway's own host is not closed by the probing host's loopback address", () => {
    const endpoint = { host: "localhost", port: 5432, speaks: "postgres", addresses: ["127.0.0.1"] } as const;
    const told = [target({ endpoints: [endpoint] })];
    const own = way({ address: "127.0.0.1", found: "refused" });
    expect(verdictOf({ told, ways: [own] })).toEqual(["undecided", "undecided"]);
    expect(verdictOf({ told, ways: [own, way({ address: "10.0.0.1" })] })).toEqual(["closed", "closed"]);
    expect(verdictOf({ told, ways: [own, way({ address: "10.0.0.1", port: 1 })] })).toContain("undecided");
    // Who probes at the gateway's own host means the same address.
    expect(verdictOf({ told, ways: [own], address: "127.0.0.1" })).toEqual(["closed", "closed"]);
    expect(verdictOf({ told, ways: [way({ address: "10.0.0.1" })], address: "::1" })).toContain("undecided");
  });
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
    expect(judge({ told: [], ways: [beside({})] }).verdict).toBe("closed");
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
