import { describe, expect, it } from "vitest";
import { outsource } from "../audit/payloads.ts";
import { canonicalJson, type Json } from "../kernel/canonical.ts";
import { ProbeRefused } from "./errors.ts";
import { lister, mergedHost } from "./kept.ts";
import { placeKey } from "./places.ts";
import { bot, closedWays, operator, type ProbesHarness, targetOf, useProbes } from "./testing/harness.ts";
import type { ProbedConnection, ProbedHost, ProbeReport, ProbeTask, ProbeWay } from "./types.ts";

const make = useProbes();
const here = "10.9.9.9";

const start = async (h: ProbesHarness, names?: readonly string[]): Promise<ProbeTask> =>
  h.probes.start(bot, here, (await h.probes.offer(operator, names)).token);
const reportOf = ({ nonce }: ProbeTask, more: Partial<ProbeReport> = {}): ProbeReport => ({
  nonce,
  host: "support-1",
  ways: closedWays,
  credentials: [],
  ...more,
});
const openWay: ProbeWay = {
  connection: "orders-db",
  to: "10.0.0.7:5432",
  by: "proxy",
  kind: "proxy",
  outcome: "open",
  found: "answered",
  detail: "",
};

describe("a report that cannot be recorded", () => {
  it("may be sent again until it is late", async () => {
    const h = make();
    const task = await start(h);
    h.log.failing = "lost";
    await expect(h.probes.report(bot, here, reportOf(task))).rejects.toThrow("disk full");
    expect(await h.probes.hosts()).toEqual([]);
    h.log.failing = undefined;
    expect((await h.probes.report(bot, here, reportOf(task))).verdict).toBe("closed");
    await expect(h.probes.report(bot, here, reportOf(task))).rejects.toMatchObject({ reason: "used" });
    const second = await start(h);
    h.log.failing = "lost";
    await expect(h.probes.report(bot, here, reportOf(second))).rejects.toThrow("disk full");
    h.log.failing = undefined;
    h.clock.advance(15 * 60_000);
    await expect(h.probes.report(bot, here, reportOf(second))).rejects.toMatchObject({ reason: "late" });
  });

  it("may be sent again where the gateway failed to look", async () => {
    const h = make();
    const task = await start(h);
    h.lookingAgain = () => {
      throw new Error("no");
    };
    await expect(h.probes.report(bot, here, reportOf(task))).rejects.toThrow("no");
    h.lookingAgain = () => undefined;
    expect((await h.probes.report(bot, here, reportOf(task))).verdict).toBe("closed");
  });

  it("may be sent again where the store did not keep it, and counts then, once", async () => {
    const h = make();
    const broken = { keep: () => Promise.reject(new Error("connection lost")) };
    const away = h.other({ store: { ...h.store.probes, ...broken } });
    const task = await start(h);
    await expect(away.report(bot, here, reportOf(task))).rejects.toMatchObject({
      code: "store_unavailable",
      status: 503,
    });
    expect([await h.probes.hosts(), await h.known("orders-db")]).toEqual([
      [],
      { why: "no probe from here is known" },
    ]);
    h.clock.advance(1000);
    const host = await h.probes.report(bot, here, reportOf(task));
    expect(await h.probes.hosts()).toEqual([host]);
    expect(await h.known("orders-db")).toEqual({ closedAt: h.clock.wall(), probe: task.probe });
    await expect(h.probes.report(bot, here, reportOf(task))).rejects.toMatchObject({ reason: "used" });
  });

  it("leaves what is known as it is, and so does one that is refused", async () => {
    const h = make();
    const { probe } = await h.probes.report(bot, here, reportOf(await start(h)));
    const known = { closedAt: h.clock.wall(), probe };
    h.clock.advance(1000);
    const ways = [...closedWays, openWay];
    const task = await start(h);
    await expect(h.probes.report(bot, "10.9.9.8", reportOf(task, { ways }))).rejects.toMatchObject({
      reason: "other_address",
    });
    h.log.failing = "lost";
    await expect(h.probes.report(bot, here, reportOf(task, { ways }))).rejects.toThrow("disk full");
    h.log.failing = undefined;
    expect(await h.known("orders-db")).toEqual(known);
  });
});

it("many reports at once, and many starts, make the gateway look once", async () => {
  const h = make();
  const { token } = await h.probes.offer(operator);
  let lookups = 0;
  h.lookingUp = () => (lookups += 1);
  const starts = await Promise.allSettled(Array.from({ length: 50 }, () => h.probes.start(bot, here, token)));
  const task = starts.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []))[0];
  expect([lookups, starts.filter(({ status }) => status === "fulfilled")]).toEqual([1, [expect.anything()]]);
  const reports = await Promise.allSettled(
    Array.from({ length: 50 }, () => h.probes.report(bot, here, reportOf(task as ProbeTask))),
  );
  const refusals = reports.flatMap((each) => (each.status === "rejected" ? [each.reason as unknown] : []));
  expect([h.looks, refusals.length]).toEqual([1, 49]);
  expect(refusals.every((each) => each instanceof ProbeRefused && each.reason === "used")).toBe(true);
});

describe("what the gateway finds itself", () => {
  it("is kept at the start, and not told", async () => {
    const h = make();
    const orders = targetOf("orders-db", "10.0.0.7");
    const endpoints = orders.endpoints.map((each) => ({ ...each, own: ["10.0.0.1"] }));
    h.targets.set("orders-db", { ...orders, endpoints });
    const task = await start(h, ["orders-db"]);
    expect(JSON.stringify(task)).not.toMatch(/reached|own/);
    expect((await h.store.probes.find(task.probe))?.start?.targets).toEqual([{ ...orders, endpoints }]);
  });

  it("counts at both ends: a node that was away closes nothing by its refusal", async () => {
    const h = make();
    h.reached.delete(placeKey("10.0.0.7", 5432));
    const verdicts = async (): Promise<readonly string[]> => {
      const host = await h.probes.report(bot, here, reportOf(await start(h)));
      return host.connections.map(({ verdict }) => verdict);
    };
    expect(await verdicts()).toEqual(["undecided", "closed"]);
    h.reached.add(placeKey("10.0.0.7", 5432));
    const orders = targetOf("orders-db", "10.0.0.7");
    h.targets.set("orders-db", {
      ...orders,
      endpoints: orders.endpoints.map((each) => ({ ...each, reached: [] })),
    });
    expect(await verdicts()).toEqual(["undecided", "closed"]);
  });
});

it("a connection that was gone at the start is undecided, also where nothing was left to tell", async () => {
  const h = make();
  const both = await h.probes.offer(operator);
  h.targets.delete("billing-db");
  const task = await h.probes.start(bot, here, both.token);
  expect(await h.probes.report(bot, here, reportOf(task, { ways: closedWays.slice(0, 1) }))).toMatchObject({
    verdict: "undecided",
    connections: [
      { connection: "orders-db", verdict: "closed" },
      {
        connection: "billing-db",
        verdict: "undecided",
        undecided: ["it was not configured any more when the probe began"],
      },
    ],
  });
  expect(h.log.disk.at(-1)?.detail).toMatchObject({
    verdict: "undecided",
    connections: [{ connection: "orders-db" }, { connection: "billing-db", verdict: "undecided" }],
  });
  const { token } = await h.probes.offer(operator, ["orders-db"]);
  h.targets.clear();
  const none = await h.probes.start(bot, here, token);
  const absent: ProbeWay = {
    to: "m",
    by: "m",
    kind: "metadata",
    outcome: "closed",
    found: "absent",
    detail: "",
  };
  expect((await h.probes.report(bot, here, reportOf(none, { ways: [absent] }))).verdict).toBe("undecided");
  expect((await h.probes.offer(operator)).connections).toEqual([]);
});

describe("a host that is probed again", () => {
  it("keeps what was found of connections that the newer probe is not of", async () => {
    const h = make();
    const first = h.clock.wall();
    const beside: ProbeWay = { ...openWay, connection: undefined, to: "m" };
    await h.probes.report(bot, here, reportOf(await start(h), { ways: [...closedWays, openWay, beside] }));
    h.clock.advance(1000);
    const answer = await h.probes.report(
      bot,
      here,
      reportOf(await start(h, ["billing-db"]), { ways: closedWays.slice(1) }),
    );
    // Whoever reports is answered what they reported.
    expect(answer).toMatchObject({ verdict: "closed", connections: [{ connection: "billing-db" }] });
    expect(await h.probes.hosts()).toEqual([
      {
        ...answer,
        verdict: "open",
        connections: [
          {
            connection: "billing-db",
            verdict: "closed",
            open: [],
            undecided: [],
            probedAt: first + 1000,
          },
          {
            connection: "orders-db",
            verdict: "open",
            open: ["proxy: 10.0.0.7:5432"],
            undecided: [],
            probedAt: first,
          },
        ],
      },
    ]);
    h.clock.advance(1000);
    await h.probes.report(
      bot,
      here,
      reportOf(await start(h, ["orders-db"]), { ways: closedWays.slice(0, 1) }),
    );
    expect(await h.probes.hosts()).toMatchObject([
      { verdict: "closed", connections: [{ connection: "orders-db" }, { connection: "billing-db" }] },
    ]);
  });

  const connection = (name: string, more: Partial<ProbedConnection> = {}): ProbedConnection => ({
    connection: name,
    verdict: "closed",
    open: [],
    undecided: [],
    probedAt: 0,
    ...more,
  });
  const host = (connections: readonly ProbedConnection[]): ProbedHost =>
    ({ verdict: "closed", connections, open: [], undecided: [], credentials: [] }) as unknown as ProbedHost;
  const many = (prefix: string, count: number, more: Partial<ProbedConnection>): ProbedConnection[] =>
    Array.from({ length: count }, (_, at) => connection(`${prefix}${at}`, more));

  it("keeps 500 connections, without the oldest", () => {
    const old = [connection("oldest", { verdict: "open" }), ...many("old", 300, { probedAt: 1 })];
    const merged = mergedHost(host(many("new", 200, { probedAt: 2 })), [host(old)]);
    expect(merged.connections).toHaveLength(500);
    expect(merged.verdict).toBe("closed");
    expect(merged.connections.map((each) => each.connection)).not.toContain("oldest");
  });

  it("names no more ways in all than one report, and says how many more there are", () => {
    const cut = lister();
    const open = cut(Array.from({ length: 50 }, (_, at) => `by: ${at}`));
    expect(open.at(-1)).toBe("and 30 more, which the record path.probed has");
    const each = { verdict: "open", open } as const;
    const merged = mergedHost(host([connection("new", each)]), [host(many("old", 30, each))]);
    expect(merged.verdict).toBe("open");
    expect(merged.connections[0]?.open).toEqual(open);
    expect(merged.connections[9]?.open).toEqual(open);
    expect(merged.connections[10]?.open).toEqual(["and 50 more, which the record path.probed has"]);
    expect(mergedHost(merged, [])).toEqual(merged);
  });
});

describe("the largest report makes a record of 2 MiB at most, with all that stands beside it", () => {
  const names = Array.from({ length: 100 }, (_, at) => `${"c".repeat(190)}-${at}`);
  const addresses = Array.from({ length: 64 }, (_, at) => `2001:db8:1111:2222:3333:4444:5555:${at + 4096}`);
  const credentials = (length: number): ProbeReport["credentials"] =>
    Array.from({ length: 300 }, (_, at) => ({
      kind: "k".repeat(40),
      place: `${"p".repeat(length)}${at}`,
      name: "n".repeat(length),
    }));
  const wayOf = (at: number, more: Partial<ProbeWay>): ProbeWay => ({
    connection: names[at % 100],
    to: "t".repeat(300),
    by: "b".repeat(200),
    kind: "direct",
    address: addresses[0],
    port: 5432,
    outcome: "undecided",
    found: "silent",
    detail: "d".repeat(300),
    ...more,
  });

  it.each<[string, number, Partial<ProbeWay>, number]>([
    ["many ways", 1000, { detail: "d".repeat(1) }, 100],
    ["many long ways", 850, {}, 100],
    ["many places", 90, { credentials: Array.from({ length: 20 }, () => "q".repeat(500)) }, 100],
    ["long places", 37, { credentials: Array.from({ length: 20 }, () => "€".repeat(450)) }, 10],
    ["long credentials", 600, {}, 490],
  ])("%s", async (_, count, more, length) => {
    const h = make();
    h.targets.clear();
    for (const name of names) {
      const target = targetOf(name, "");
      const endpoints = target.endpoints.map((each) => ({ ...each, addresses, reached: [] }));
      h.targets.set(name, { ...target, endpoints });
    }
    const task = await start(h);
    const ways = Array.from({ length: count }, (_each, at) => wayOf(at, more));
    const report = reportOf(task, { ways, credentials: credentials(length) });
    // As much as the API takes, or nearly.
    const sent = Buffer.byteLength(JSON.stringify(report));
    expect(sent).toBeGreaterThan(850_000);
    expect(sent).toBeLessThan(1_048_576 + 50_000);
    await h.probes.report(bot, here, report);
    const detail = h.log.disk.at(-1)?.detail as Json;
    let bytes = 0;
    const short = outsource(canonicalJson(detail), (part) => {
      bytes += part.length;
      return { bytes: part.length, payload: `sha256:${"0".repeat(64)}` };
    });
    expect(bytes + Buffer.byteLength(short)).toBeLessThan(2 * 1024 * 1024);
    expect(JSON.parse(short)).toMatchObject({ verdict: "undecided", undecided: count, credentials: 300 });
    const { doubts } = (detail as { found: { doubts: { why: string[] }[] } }).found;
    expect(doubts).toHaveLength(100);
    expect(doubts[0]?.why.at(-1)).toMatch(/^and [0-9]+ more$/);
  });
});
