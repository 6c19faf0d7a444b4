import { describe, expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { placeKey } from "./places.ts";
import type { Probes } from "./probes.ts";
import { bot, operator, type ProbesHarness, targetOf, useProbes } from "./testing/harness.ts";
import type { ProbedHost, ProbeWay } from "./types.ts";

// The report of a host that comes last counts, whatever clocks say and however it calls itself.

const make = useProbes();
const here = "10.9.9.9";
const day = 86_400_000;

const direct = (connection: string, address: string): ProbeWay => ({
  connection,
  to: `${address}:5432`,
  by: `address ${address}`,
  kind: "direct",
  address,
  port: 5432,
  outcome: "closed",
  found: "timeout",
  detail: "",
});
const orders = direct("orders-db", "10.0.0.7");
const billing = direct("billing-db", "10.0.0.8");
const asOpen = (way: ProbeWay): ProbeWay => ({ ...way, outcome: "open", found: "answered" });
const metadata: ProbeWay = {
  to: "m",
  by: "metadata",
  kind: "metadata",
  outcome: "open",
  found: "answered",
  detail: "",
};
const why = (words: string): object => ({ why: words });
const closedBy = ({ probedAt, probe }: ProbedHost): object => ({ closedAt: probedAt, probe });

interface Sent {
  /** The gateway that takes it; left out: the harness's own. */
  readonly at?: Probes;
  readonly host?: string;
  readonly key?: string;
}

/** Probes the connections that the ways are of, as one host. */
async function probe(
  h: ProbesHarness,
  ways: readonly ProbeWay[],
  { at = h.probes, host = "support-1", key }: Sent = {},
): Promise<ProbedHost> {
  const names = new Set(ways.flatMap(({ connection }) => connection ?? []));
  const { token } = await at.offer(operator, [...names]);
  const { nonce } = await at.start(bot, here, token, key);
  const signed = key === undefined ? undefined : { key, digest: "d", proof: "p" };
  return at.report(bot, here, { nonce, host, ways, credentials: [] }, signed);
}
/** A gateway whose clock differs. */
const skewed = (h: ProbesHarness, ms: number): Probes => h.other({ clock: fakeClock(h.clock.wall() + ms) });

describe("a gateway whose clock is ahead", () => {
  it("does not hide what another one finds open after it, ever", async () => {
    const h = make();
    const closed = await probe(h, [orders], { at: skewed(h, 30_000) });
    expect(await h.known("orders-db")).toEqual(closedBy(closed));
    await probe(h, [asOpen(orders)]);
    expect(await h.known("orders-db")).toEqual(why("orders-db was found open from here 0s ago"));
    h.clock.advance(29_999);
    await probe(h, [billing]);
    for (const ms of [1, 1, day]) {
      h.clock.advance(ms);
      // oxlint-disable-next-line no-await-in-loop -- one time after the other
      expect(await h.known("orders-db")).toHaveProperty(
        "why",
        expect.stringMatching(/^orders-db was found open from here /),
      );
    }
  });

  it("does not hide another way, nor another connection to the same server, found open after it", async () => {
    const h = make();
    h.targets.set("billing-db", targetOf("billing-db", "10.0.0.7"));
    const same = direct("billing-db", "10.0.0.7");
    await probe(h, [orders], { at: skewed(h, 30_000) });
    await probe(h, [same, metadata]);
    expect(await h.known("orders-db")).toEqual(why("another way was found open from here: metadata: m"));
    await probe(h, [asOpen(same)]);
    expect(await h.known("orders-db")).toEqual(
      why("billing-db, which leads to the same server, was found open from here 0s ago"),
    );
    h.clock.advance(day);
    expect(await h.known("orders-db")).toEqual(
      why("billing-db, which leads to the same server, was found open from here 1d ago"),
    );
  });

  it("by 30 days for one report does not count, and the next report counts at once", async () => {
    const h = make();
    await probe(h, [orders], { at: skewed(h, 30 * day) });
    expect(await h.known("orders-db")).toEqual(
      why("the last probe from here has a time that is still to come"),
    );
    const closed = await probe(h, [orders]);
    expect(await h.known("orders-db")).toEqual(closedBy(closed));
    // Also where that one had found it open.
    await probe(h, [asOpen(orders), metadata], { at: skewed(h, 30 * day) });
    expect(await h.known("orders-db")).toEqual(why("orders-db was found open from here 0s ago"));
    expect(await h.known("orders-db")).not.toEqual(closedBy(closed));
    const again = await probe(h, [orders]);
    expect(await h.known("orders-db")).toEqual(closedBy(again));
  });

  it("does not have a server that was closed since counted as open by its other connection", async () => {
    const h = make();
    h.targets.set("billing-db", targetOf("billing-db", "10.0.0.7"));
    await probe(h, [asOpen(direct("billing-db", "10.0.0.7"))], { at: skewed(h, 30_000) });
    const closed = await probe(h, [orders]);
    expect(await h.known("orders-db")).toEqual(closedBy(closed));
  });
});

describe("a host that calls itself otherwise", () => {
  it.each([undefined, "k"])(
    "is the same host under the same key (%s), however many names come after it",
    async (key) => {
      const h = make();
      const by = key === undefined ? {} : { key };
      const first = await probe(h, [orders], { ...by, host: "name-1" });
      expect(await h.known("orders-db", by)).toEqual(closedBy(first));
      h.clock.advance(1000);
      await probe(h, [asOpen(orders)], { ...by, host: "name-2" });
      const opened = h.clock.wall();
      h.clock.advance(1000);
      await probe(h, [billing], { ...by, host: "name-1" });
      for (let at = 0; at < 99; at += 1) {
        h.clock.advance(1000);
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await probe(h, [billing], { ...by, host: `other-${at}` });
      }
      // What is shown has forgotten it.
      const shown = await h.probes.hosts();
      expect(shown).toHaveLength(100);
      expect(shown.map(({ host }) => host)).not.toContain("name-2");
      expect(h.clock.wall() - opened).toBe(100_000);
      expect(await h.known("orders-db", by)).toEqual(why("orders-db was found open from here 1m 40s ago"));
    },
  );
});

it("the first of 101 hosts of one agent, each with a key of its own, still counts", async () => {
  const h = make();
  const hosts: ProbedHost[] = [];
  for (let at = 0; at <= 100; at += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    hosts.push(await probe(h, [orders], { host: `support-${at}`, key: `k${at}` }));
    h.clock.advance(1000);
  }
  expect((await h.probes.hosts()).map(({ host }) => host)).not.toContain("support-0");
  const known = await Promise.all(hosts.map(({ key = "" }) => h.known("orders-db", { key })));
  expect(known).toEqual(hosts.map(closedBy));
});

it("one of more than 500 connections that stands open beyond those that are shown is not closed", async () => {
  const h = make();
  h.targets.clear();
  const all = Array.from({ length: 502 }, (_, at) => ({
    name: `c${at}`,
    address: `10.1.${at >> 8}.${at & 255}`,
  }));
  for (const { name, address } of all) {
    h.targets.set(name, targetOf(name, address));
    h.states.set(name, "up");
    h.reached.add(placeKey(address, 5432));
  }
  const closed = await probe(
    h,
    all.map(({ name, address }) => direct(name, address)),
  );
  expect(await h.known("c501")).toEqual(closedBy(closed));
  h.clock.advance(1000);
  const host = await probe(
    h,
    all.map(({ name, address }, at) => (at === 500 ? asOpen(direct(name, address)) : direct(name, address))),
  );
  expect(host.verdict).toBe("open");
  expect(host.connections.map(({ connection }) => connection)).not.toContain("c500");
  expect(await h.known("c499")).toEqual(closedBy(host));
  expect(await h.known("c500")).toEqual(why("c500 was found open from here 0s ago"));
  expect(await h.known("c501")).toEqual(closedBy(host));
});
