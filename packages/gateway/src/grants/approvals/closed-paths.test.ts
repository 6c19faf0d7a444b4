import { beforeEach, describe, expect, it } from "vitest";
import { compiled } from "../../policy/testing/samples.ts";
import type { PolicyEntry } from "../../policy/types.ts";
import type { GrantRules, Grants } from "../grants.ts";
import { code, grantOf, read, refund } from "../testing/asks.ts";
import { approvedBy, minute, rulesOf, usual, type Harness } from "../testing/harness.ts";
import { day, demanding, fakeProbes, hour, open, probed } from "../testing/probes.ts";
import { agent, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";
import type { AccessRequest } from "../types.ts";

const { say, away, find: findPaths } = fakeProbes();
let h: Harness;
let grants: Grants;
useHarness({ poll: false, rules: demanding(), findPaths }, (made) => {
  h = made;
  grants = made.grants;
});
const closed = (ago: number): void => say({ closedAt: h.clock.wall() - ago, probe: "pr_1" });
beforeEach(() => {
  findPaths.mockClear();
  closed(hour);
});

describe("an approval looks again", () => {
  let waits: AccessRequest;
  beforeEach(async () => {
    waits = await grants.request(agent, { ...refund, key: "thumbprint" });
    findPaths.mockClear();
  });
  const approve = (): Promise<AccessRequest> => grants.approve(reviewer, waits.id, waits.digest, "fine");

  it("and grants what is closed still, for the same requester, address and key", async () => {
    h.clock.advance(minute);
    expect((await approve()).state).toBe("approved");
    expect(findPaths).toHaveBeenCalledTimes(1);
    expect(findPaths.mock.calls[0]?.[0]).toMatchObject({
      requester: { issuer: agent.issuer, subject: agent.subject, client: agent.client },
      from: { address: "10.0.0.1", key: "thumbprint" },
      connection: "orders-db",
    });
  });

  it("and grants by a newer probe, which changes nothing of what was shown", async () => {
    h.clock.advance(minute);
    say({ closedAt: h.clock.wall(), probe: "pr_2" });
    const { state, paths, digest } = await approve();
    expect([state, digest, paths]).toEqual(["approved", waits.digest, waits.paths]);
    expect(paths?.probe).toBe("pr_1");
  });

  it.each<[string, string, () => void]>([
    ["was found open meanwhile", "orders-db was found open from here 5m ago", () => say(open)],
    [
      "nobody knows of any more",
      "no probe from here is known",
      () => say({ why: "no probe from here is known" }),
    ],
    [
      "was probed too long ago by now",
      "the last was 1d ago",
      () => {
        closed(day);
        h.clock.advance(1);
      },
    ],
  ])("and voids what %s", async (_, why, change) => {
    change();
    const failed = await approve().catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: "request_void", status: 409 });
    expect(String(failed)).toContain("the direct paths of its host are not known to be closed any more");
    expect(String(failed)).toContain(why);
    const found = await grants.find(agent, waits.id);
    expect(found).toMatchObject({ state: "refused", approvals: [] });
    expect(found.reasons.join()).toContain(why);
    expect(await h.store.grants({ limit: 9 })).toEqual([]);
    expect(h.log.disk.at(-1)).toMatchObject({ type: "request.refused", detail: { event: "void" } });
    // Closed paths revive nothing.
    closed(0);
    expect(await code(approve())).not.toBe("succeeded");
    expect(h.log.types()).not.toContain("grant.activated");
  });

  it("and voids nothing at the last moment", async () => {
    h.clock.advance(1);
    closed(day);
    expect((await approve()).state).toBe("approved");
  });

  it("and leaves it waiting when the store does not say", async () => {
    away();
    expect(await code(approve())).toBe("store_unavailable");
    expect(await grants.find(agent, waits.id)).toMatchObject({ state: "pending", approvals: [] });
    expect(h.log.types()).toEqual(["request.created"]);
    closed(hour);
    expect((await approve()).state).toBe("approved");
  });

  it("for the second of two as well, whose request then comes to nothing", async () => {
    await grants.adopt(rulesOf({ ...usual, "orders-db/refund-order": probed(approvedBy({ count: 2 })) }));
    waits = await grants.request(agent, refund);
    expect((await approve()).state).toBe("pending");
    say(open);
    const second = { ...reviewer, subject: "second@example.com", name: "second@example.com" };
    expect(await code(grants.approve(second, waits.id, waits.digest, ""))).toBe("request_void");
    expect(await h.store.grants({ limit: 9 })).toEqual([]);
  });

  it("not for somebody who may not approve", async () => {
    say(open);
    const stranger = { ...reviewer, groups: ["sre"] };
    expect(await code(grants.approve(stranger, waits.id, waits.digest, ""))).toBe("forbidden");
    expect((await grants.find(agent, waits.id)).state).toBe("pending");
    expect(findPaths).not.toHaveBeenCalled();
  });

  it("not to refuse", async () => {
    away();
    expect((await grants.refuse(reviewer, waits.id, waits.digest, "no")).state).toBe("refused");
    expect(findPaths).not.toHaveBeenCalled();
  });

  it("on a gateway that looks no probes up, and voids it there", async () => {
    const blind = await h.another({ poll: false, rules: demanding(), findPaths: undefined } as never);
    expect(await code(blind.approve(reviewer, waits.id, waits.digest, ""))).toBe("request_void");
    expect(await h.store.grants({ limit: 9 })).toEqual([]);
  });
});

describe("by two policies, of which the older probe is enough for one alone", () => {
  const approval = { by: ["support-leads"], count: 1, within: 30 * minute, refusals: 1 };
  const entry = (name: string, max: number, closedPaths?: number): PolicyEntry => ({
    name,
    forbid: false,
    groups: ["support-agents"],
    connection: "orders-db",
    operations: ["read-orders"],
    ttl: { default: minute, max },
    ...(closedPaths === undefined ? {} : { closedPaths }),
    approval,
  });
  const inventory = new Map([["orders-db", ["read-orders", "refund-order"]]]);
  const rules = (...entries: readonly PolicyEntry[]): GrantRules =>
    rulesOf(usual, { policies: compiled(entries, inventory) });
  const long = entry("within an hour", 10 * minute, hour);

  it.each([
    ["another that demands less", entry("within a day", 5 * minute, day)],
    ["another that demands nothing", entry("any host", 5 * minute)],
  ])("an approval voids what %s would decide now", async (_, other) => {
    await grants.adopt(rules(long, other));
    const { id, digest, policies } = await grants.request(agent, read);
    expect(policies).toEqual([long.name]);
    h.clock.advance(1);
    closed(hour + 1);
    const failed = await grants.approve(reviewer, id, digest, "").catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: "request_void" });
    expect(String(failed)).toContain("the last probe is too old");
    expect((await grants.find(agent, id)).state).toBe("refused");
    expect(await h.store.grants({ limit: 9 })).toEqual([]);
  });

  it("an approval grants by the one of the ask when a newer probe would be enough for the other", async () => {
    const day2 = entry("within a day", 5 * minute, day);
    await grants.adopt(rules(long, day2));
    closed(2 * hour);
    const { id, digest, policies } = await grants.request(agent, read);
    expect(policies).toEqual([day2.name]);
    closed(0);
    expect(await grants.approve(reviewer, id, digest, "")).toMatchObject({
      state: "approved",
      policies: [day2.name],
    });
  });

  it("an approval does not void what demands nothing, whatever is found open", async () => {
    await grants.adopt(rules(entry("within an hour", 5 * minute, hour), entry("any host", 10 * minute)));
    const { id, digest, policies } = await grants.request(agent, { ...read, ttl: 6 * minute });
    expect(policies).toEqual(["any host"]);
    say(open);
    expect((await grants.approve(reviewer, id, digest, "")).state).toBe("approved");
  });

  it("one in shadow is looked up for, decides nothing, and says what would be", async () => {
    const shadow = { ...entry("in shadow", 10 * minute, hour), shadow: true };
    await grants.adopt(rules(entry("any host", 5 * minute), shadow));
    say(open);
    const waits = await grants.request(agent, read);
    expect(waits).toMatchObject({ state: "pending", policies: ["any host"] });
    expect(waits.sheet.shadow).toMatchObject({ policies: ["any host"] });
    expect((await grants.approve(reviewer, waits.id, waits.digest, "")).state).toBe("approved");
    closed(hour);
    const again = await grants.request(agent, read);
    expect(again.sheet.shadow).toMatchObject({ policies: ["in shadow"] });
    say(open);
    expect((await grants.approve(reviewer, again.id, again.digest, "")).state).toBe("approved");
  });
});

describe("an approval of a part", () => {
  const approval = { by: ["support-leads"], count: 1, within: 30 * minute, refusals: 1 };
  const entry = (name: string, max: number, more: Partial<PolicyEntry>): PolicyEntry => ({
    name,
    forbid: false,
    groups: ["support-agents"],
    connection: "orders-db",
    operations: ["read-orders"],
    ttl: { default: minute, max },
    ...more,
  });
  const inventory = new Map([["orders-db", ["read-orders", "refund-order"]]]);
  const rules = (...entries: readonly PolicyEntry[]): GrantRules =>
    rulesOf(usual, { policies: compiled(entries, inventory) });
  const atOnce = entry("at once", 5 * minute, { closedPaths: hour });
  const approved = entry("approved", 10 * minute, { approval });
  const short = entry("at once if short", 10 * minute, {
    closedPaths: hour,
    when: "context.requested_seconds <= 300",
  });
  const part = { ttl: 5 * minute };
  const long = { ...read, ttl: 10 * minute, key: "k1" };
  const here = { address: "10.0.0.1", key: "k1" };
  const approve = ({ id, digest }: AccessRequest): Promise<AccessRequest> =>
    grants.approve(reviewer, id, digest, "", part);

  it.each([
    ["whose longest time it is", atOnce],
    ["by its condition", short],
  ])("is under no policy that would permit it at once, %s, by the paths as they were", async (_, first) => {
    await grants.adopt(rules(first, approved));
    // A part as short would have been granted at once, to this host.
    expect(await grants.request(agent, { ...long, ...part })).toMatchObject({
      state: "approved",
      policies: [first.name],
      paths: { from: here },
    });
    const waits = await grants.request(agent, long);
    expect(waits).toMatchObject({ state: "pending", policies: [approved.name] });
    expect(waits).not.toHaveProperty("paths");
    say(open);
    const granted = grantOf(await approve(waits));
    expect(grants.live(granted)?.grant).toMatchObject({
      policies: [approved.name],
      endsAt: h.clock.wall() + part.ttl,
    });
    expect(grants.live(granted)?.grant).not.toHaveProperty("from");
  });

  it.each([
    ["found open", () => say(open)],
    ["probed too long ago", () => (h.clock.advance(1), closed(hour + 1))],
  ])(
    "voids the request when its host was %s since, though a weaker demand would let it wait",
    async (_, change) => {
      const stricter = entry("approved", 10 * minute, { approval, closedPaths: hour });
      await grants.adopt(rules(atOnce, stricter));
      const waits = await grants.request(agent, long);
      expect(waits).toMatchObject({ state: "pending", policies: [stricter.name], paths: { from: here } });
      change();
      expect(await code(approve(waits))).toBe("request_void");
      expect(await h.store.grants({ limit: 9 })).toEqual([]);
    },
  );

  it.each([
    ["whose longest time it is", atOnce],
    ["by its condition", short],
  ])(
    "is judged by the paths as they are now, and not under the policy %s, whose time is over",
    async (_, first) => {
      const weaker = entry("approved", 10 * minute, { approval, closedPaths: day });
      await grants.adopt(rules(first, weaker));
      const waits = await grants.request(agent, long);
      expect(waits).toMatchObject({ state: "pending", policies: [weaker.name], paths: { from: here } });
      h.clock.advance(minute);
      closed(hour + 1);
      const granted = grantOf(await approve(waits));
      expect(grants.live(granted)?.grant).toMatchObject({ policies: [weaker.name], from: here });
    },
  );

  it("is granted while the paths are closed still, to the host that asked", async () => {
    const weaker = entry("approved", 10 * minute, { approval, closedPaths: day });
    await grants.adopt(rules(atOnce, weaker));
    closed(minute);
    const waits = await grants.request(agent, long);
    h.clock.advance(minute);
    const granted = grantOf(await approve(waits));
    expect(grants.live(granted)?.grant).toMatchObject({
      policies: [atOnce.name],
      from: here,
      endsAt: h.clock.wall() + part.ttl,
    });
    const { detail } = h.log.disk.find(({ type }) => type === "request.created") ?? {};
    expect(detail).toMatchObject({ probe: "pr_1", key: "k1" });
    const asked = findPaths.mock.calls.map(([{ from }]) => from);
    expect(asked).toEqual([here, here]);
  });

  it("is refused, and the request waits on, where the paths as they are now permit no such part", async () => {
    const weaker = { approval, closedPaths: day, when: "context.requested_seconds > 300" };
    await grants.adopt(rules(short, entry("approved", 10 * minute, weaker)));
    const waits = await grants.request(agent, long);
    h.clock.advance(1);
    expect(await code(approve(waits))).toBe("not_permitted");
    expect(await grants.find(agent, waits.id)).toMatchObject({ state: "pending", approvals: [] });
    say({ closedAt: h.clock.wall() - hour, probe: "pr_2" });
    expect(grants.live(grantOf(await approve(waits)))?.grant).toMatchObject({
      policies: [short.name],
      from: here,
    });
  });

  it("is judged by the paths as they are when it is tried again, where the store failed at first", async () => {
    await grants.adopt(rules(atOnce, entry("approved", 10 * minute, { approval, closedPaths: day })));
    const waits = await grants.request(agent, long);
    h.store.fault = (method) => (method === "moveRequest" ? "lost" : undefined);
    expect(await code(approve(waits))).toBe("store_unavailable");
    h.store.fault = undefined;
    h.clock.advance(minute);
    const granted = grantOf(await approve(waits));
    expect(grants.live(granted)?.grant).toMatchObject({ policies: ["approved"], from: here });
  });

  it("of operations is judged so too", async () => {
    const both = ["read-orders", "refund-order"];
    await grants.adopt(
      rules(
        entry("at once", 10 * minute, { closedPaths: hour }),
        entry("approved", 10 * minute, { approval, operations: ["refund-order"] }),
      ),
    );
    const waits = await grants.request(agent, { ...long, operations: both });
    expect(waits).toMatchObject({ state: "pending", paths: { from: here } });
    say(open);
    const only = grants.approve(reviewer, waits.id, waits.digest, "", {
      operations: ["orders-db/read-orders"],
    });
    expect(await code(only)).toBe("request_void");
    expect(await h.store.grants({ limit: 9 })).toEqual([]);
  });
});
