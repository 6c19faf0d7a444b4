import { describe, expect, it } from "vitest";
import { outsource } from "../audit/payloads.ts";
import { canonicalJson, type Json } from "../kernel/canonical.ts";
import { reportUnsigned } from "./errors.ts";
import {
  bot,
  closedWays,
  operator,
  otherBot,
  type ProbesHarness,
  targetOf,
  useProbes,
} from "./testing/harness.ts";
import { targetDigest } from "./told.ts";
import type { ProbedHost, ProbeReport, ProbeTask, ProbeWay, ReportSignature } from "./types.ts";

const make = useProbes();
const here = "10.9.9.9";

const signedBy = (key: string): ReportSignature => ({ key, digest: `digest of ${key}'s`, proof: "h.c.s" });
const asSigned = (key: string | undefined): ReportSignature | undefined =>
  key === undefined ? undefined : signedBy(key);
const start = async (h: ProbesHarness, key?: string, names?: readonly string[]): Promise<ProbeTask> =>
  h.probes.start(bot, here, (await h.probes.offer(operator, names)).token, key);
const reportOf = ({ nonce }: ProbeTask, more: Partial<ProbeReport> = {}): ProbeReport => ({
  nonce,
  host: "support-1",
  ways: closedWays,
  credentials: [],
  ...more,
});
/** Probes orders-db alone under a key. */
async function probe(
  h: ProbesHarness,
  key: string | undefined,
  ways: readonly ProbeWay[],
): Promise<ProbedHost> {
  h.clock.advance(1000);
  const task = await start(h, key, ["orders-db"]);
  return h.probes.report(bot, here, reportOf(task, { ways }), asSigned(key));
}

describe("a report under a key", () => {
  it.each<[string, string | undefined, string | undefined]>([
    ["a bearer token, started under a key", "k", undefined],
    ["a key, started under a bearer token", undefined, "k"],
    ["another key", "k", "other"],
  ])("is refused when it comes under %s, and can still be sent rightly", async (_, begun, sent) => {
    const h = make();
    const task = await start(h, begun);
    await expect(h.probes.report(bot, here, reportOf(task), asSigned(sent))).rejects.toMatchObject({
      code: "probe_report_refused",
      status: 403,
      message: "no report is taken for this nonce from here",
      reason: "other_key",
      probe: task.probe,
    });
    expect([h.looks, h.log.types()]).toEqual([0, ["probe.offered", "probe.started"]]);
    expect(await h.probes.hosts()).toEqual([]);
    const host = await h.probes.report(bot, here, reportOf(task), asSigned(begun));
    expect([host.verdict, host.key]).toEqual(["closed", begun]);
  });

  it("is listed with the key, and recorded with key, digest and proof", async () => {
    const h = make();
    const host = await h.probes.report(bot, here, reportOf(await start(h, "k")), signedBy("k"));
    expect(host).toMatchObject({ verdict: "closed", key: "k" });
    expect(await h.probes.hosts()).toEqual([host]);
    expect(h.log.disk.at(-1)).toMatchObject({
      type: "path.probed",
      detail: { verdict: "closed", signed: { key: "k", body_sha256: "digest of k's", proof: "h.c.s" } },
    });
  });

  it("of a bearer token has none of that", async () => {
    const h = make();
    expect(await h.probes.report(bot, here, reportOf(await start(h)))).not.toHaveProperty("key");
    expect(h.log.disk.at(-1)?.detail).not.toHaveProperty("signed");
  });

  it("may come to another gateway than the one it was started at", async () => {
    const h = make();
    const task = await start(h, "k");
    const report = h.other().report(bot, here, reportOf(task), signedBy("k"));
    expect((await report).key).toBe("k");
  });

  it("keeps its key and digest in the record when proof and ways are long", async () => {
    const h = make();
    const ways = Array.from({ length: 200 }, (_, at): ProbeWay => ({
      to: `m${at}`,
      by: "m",
      kind: "metadata",
      outcome: "open",
      found: "answered",
      detail: "d".repeat(300),
    }));
    const signed = { ...signedBy("k".repeat(43)), proof: "p".repeat(8192) };
    await h.probes.report(bot, here, reportOf(await start(h, signed.key), { ways }), signed);
    const kept: string[] = [];
    const short = outsource(canonicalJson(h.log.disk.at(-1)?.detail as Json), (bytes) => {
      kept.push(bytes.toString());
      return { bytes: bytes.length, payload: "sha256:" };
    });
    expect(JSON.parse(short)).toMatchObject({
      verdict: "open",
      signed: { key: signed.key, body_sha256: signed.digest, proof: { payload: "sha256:" } },
    });
    expect(kept).toContain(signed.proof);
  });
});

it("an unsigned report is refused with what to do, by whoever uses the command or the API", () => {
  const refused = reportUnsigned();
  expect(refused).toMatchObject({ code: "probe_report_unsigned", status: 403, reason: "unsigned" });
  expect(refused.message).toBe("your access token is bound to a key, and the report is not signed with it");
  expect(refused.hint).toMatch(
    /^update the mayfly command on this host .+ a new probe token; .+ body_sha256/,
  );
});

describe("a host under another key that has the same name", () => {
  const open: readonly ProbeWay[] = closedWays
    .slice(0, 1)
    .map((way) => ({ ...way, outcome: "open", found: "answered" }));

  it.each<[string, string | undefined, string | undefined]>([
    ["one key and another", "k", "other"],
    ["a key and a bearer token", "k", undefined],
    ["a bearer token and a key", undefined, "k"],
  ])("neither inherits nor replaces what the first one found: %s", async (_, first, second) => {
    const h = make();
    await probe(h, first, open);
    h.clock.advance(1000);
    const task = await start(h, second, ["billing-db"]);
    const ways = closedWays.slice(1);
    const theirs = await h.probes.report(bot, here, reportOf(task, { ways }), asSigned(second));
    const listed = (await h.probes.hosts()).map(({ key, verdict, connections }) => [
      key,
      verdict,
      connections.map(({ connection }) => connection),
    ]);
    expect(listed).toEqual([
      [second, "closed", ["billing-db"]],
      [first, "open", ["orders-db"]],
    ]);
    expect((await h.probes.hosts())[0]).toEqual(theirs);
    // The first one replaces its own alone.
    await probe(h, first, closedWays.slice(0, 1));
    expect((await h.probes.hosts()).map(({ key, verdict }) => [key, verdict])).toEqual([
      [first, "closed"],
      [second, "closed"],
    ]);
  });
});

describe("what policies learn of a report", () => {
  const why = (words: string): object => ({ why: words });
  const closedBy = (h: ProbesHarness, { probe: id }: ProbedHost): object => ({
    closedAt: h.clock.wall(),
    probe: id,
  });

  it.each<[string, string | undefined, string | undefined, string]>([
    [
      "a key, and the token is bound to none",
      "k",
      undefined,
      "the probe from here was reported under a key, and this token is bound to none",
    ],
    [
      "a bearer token, and the token is bound",
      undefined,
      "k",
      "no probe from here was signed with the key that this token is bound to",
    ],
    ["another key", "other", "k", "no probe from here was signed with the key that this token is bound to"],
  ])("counts for the key that signed it alone: %s", async (_, by, key, words) => {
    const h = make();
    const ofKey = (each: string | undefined): Promise<object> =>
      h.known("orders-db", each === undefined ? {} : { key: each });
    expect(await ofKey(by)).toEqual(why("no probe from here is known"));
    const closed = await probe(h, by, closedWays.slice(0, 1));
    expect([await ofKey(by), await ofKey(key)]).toEqual([closedBy(h, closed), why(words)]);
    // What the other one finds neither closes nor opens what this one found.
    const open = await probe(h, key, [{ ...closedWays[0], outcome: "open", found: "answered" } as ProbeWay]);
    expect(open.verdict).toBe("open");
    expect([await ofKey(by), await ofKey(key)]).toEqual([
      { closedAt: closed.probedAt, probe: closed.probe },
      why("orders-db was found open from here 0s ago"),
    ]);
  });

  it("counts for its address alone, however that is written", async () => {
    const h = make();
    const mapped = "::ffff:10.9.9.9";
    const { token } = await h.probes.offer(operator);
    const host = await h.probes.report(bot, mapped, reportOf(await h.probes.start(bot, mapped, token)));
    expect(await h.known("orders-db", { address: here })).toEqual(closedBy(h, host));
    expect(await h.known("orders-db", { address: mapped })).toEqual(closedBy(h, host));
    expect(await h.known("orders-db", { address: "10.9.9.8" })).toEqual(why("no probe from here is known"));
  });

  it("counts for whoever sent it alone", async () => {
    const h = make();
    const { token } = await h.probes.offer(operator);
    await h.probes.report(otherBot, here, reportOf(await h.probes.start(otherBot, here, token)));
    expect(await h.known("orders-db")).toEqual(why("no probe from here is known"));
  });

  it("is of where a connection led when it was told: what is configured meanwhile does not matter", async () => {
    const h = make();
    const [orders] = h.targets.values();
    if (orders === undefined) throw new Error("there is a connection");
    const elsewhere = targetOf("orders-db", "10.0.0.7");
    const moved = { ...elsewhere, endpoints: elsewhere.endpoints.map((each) => ({ ...each, user: "root" })) };
    const task = await start(h, undefined, ["orders-db"]);
    h.targets.set("orders-db", moved);
    const host = await h.probes.report(bot, here, reportOf(task, { ways: closedWays.slice(0, 1) }));
    expect(await h.known("orders-db")).toEqual(why("orders-db leads elsewhere since it was probed 0s ago"));
    h.targets.delete("orders-db");
    expect(await h.known("orders-db")).toEqual(why("nobody knows where orders-db leads"));
    h.targets.set("orders-db", orders);
    expect(await h.known("orders-db")).toEqual(closedBy(h, host));
  });

  it("has nothing closed that was gone at the start, nor what it is not of", async () => {
    const h = make();
    const [orders] = h.targets.values();
    if (orders === undefined) throw new Error("there is a connection");
    const { token } = await h.probes.offer(operator, ["orders-db"]);
    h.targets.delete("orders-db");
    await h.probes.report(bot, here, reportOf(await h.probes.start(bot, here, token), { ways: [] }));
    h.targets.set("orders-db", orders);
    expect(await h.known("orders-db")).toEqual(why("orders-db was found undecided from here 0s ago"));
    expect(await h.known("billing-db")).toEqual(why("the last probe from here was not of billing-db"));
  });
});

describe("where a connection leads", () => {
  it("is compared by places, not by what addresses they have, what was reached, or how the members stand", () => {
    const place = { host: "db", port: 1, speaks: "https" } as const;
    const more = { addresses: ["10.0.0.7"], reached: ["10.0.0.7"], leftOut: 3 };
    const digest = targetDigest([place]);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(targetDigest([{ ...more, speaks: "https", port: 1, host: "db" }])).toBe(digest);
    const others = [
      [],
      [place, place],
      [{ ...place, host: "db2" }],
      [{ ...place, port: 2 }],
      [{ ...place, speaks: "http" as const }],
      [{ ...place, database: "x" }],
      [{ ...place, user: "x" }],
      [{ ...place, database: "" }],
    ];
    expect(new Set([digest, ...others.map((each) => targetDigest(each))]).size).toBe(others.length + 1);
    const [one, other] = [place, { ...place, host: "db2" }];
    expect(targetDigest([one, other])).not.toBe(targetDigest([other, one]));
  });
});
