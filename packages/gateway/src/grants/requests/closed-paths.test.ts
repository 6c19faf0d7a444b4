import { beforeEach, describe, expect, it } from "vitest";
import type { GrantRules, Grants } from "../grants.ts";
import { code, grantOf, read, refund } from "../testing/asks.ts";
import {
  minute,
  readRule,
  refundRule,
  rulesOf,
  settle,
  usual,
  type Harness,
  type Rule,
} from "../testing/harness.ts";
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

describe("an ask for what wants the paths closed", () => {
  it("is granted when they were probed closed, and keeps when, by which probe and from where", async () => {
    const request = await grants.request(agent, { ...read, key: "thumbprint" });
    const from = { address: "10.0.0.1", key: "thumbprint" };
    const paths = { closedAt: h.clock.wall() - hour, probe: "pr_1", from };
    expect(request).toMatchObject({ state: "approved", paths });
    expect(grants.live(grantOf(request))?.grant.from).toEqual(from);
    expect((await h.store.grant(grantOf(request)))?.from).toEqual(from);
    expect((await h.store.request(request.id))?.paths).toEqual(paths);
    expect(h.log.disk.find(({ type }) => type === "request.created")?.detail).toMatchObject({
      paths_closed_at: new Date(paths.closedAt).toISOString(),
      probe: "pr_1",
      key: "thumbprint",
    });
  });

  it("keeps no key of a bearer token", async () => {
    const { id, paths } = await grants.request(agent, read);
    const from = { address: "10.0.0.1" };
    expect(paths).toEqual({ closedAt: h.clock.wall() - hour, probe: "pr_1", from });
    expect((await h.store.request(id))?.paths).toEqual(paths);
    const { detail } = h.log.disk.find(({ type }) => type === "request.created") ?? {};
    expect(detail).toHaveProperty("probe", "pr_1");
    expect(detail).not.toHaveProperty("key");
  });

  it.each([
    [0, "approved"],
    [day, "approved"],
    [day + 1, "denied"],
    // The clock of another gateway may be ahead.
    [-1000, "approved"],
  ])("after %s ms is %s", async (ago, state) => {
    closed(ago);
    expect((await grants.request(agent, read)).state).toBe(state);
  });

  it("is denied when they were found open, with the reason and what to run", async () => {
    say(open);
    const request = await grants.request(agent, read);
    expect(request.state).toBe("denied");
    expect(request.reasons).toHaveLength(1);
    expect(request.reasons[0]).toMatch(
      /^policy "support agents read orders" demands .*probed closed within 1d.*: orders-db was found open from here 5m ago; .*mayfly probe-token.*mayfly probe here.*ask again$/,
    );
    expect(request).not.toHaveProperty("paths");
    expect(await h.store.grants({ limit: 9 })).toEqual([]);
    expect(h.log.types()).toEqual(["request.denied"]);
    expect(h.log.disk[0]?.detail).not.toHaveProperty("paths_closed_at");
  });

  it("is denied when the probe is too old, and says how old", async () => {
    closed(25 * hour);
    const { state, reasons } = await grants.request(agent, read);
    expect(state).toBe("denied");
    expect(reasons.join()).toMatch(/within 1d.*: the last was 1d 1h ago; .*run mayfly probe here/);
  });

  it("is denied where nobody looks probes up", async () => {
    const blind = await h.another({ poll: false, rules: demanding(), findPaths: undefined } as never);
    const { state, reasons } = await blind.request(agent, read);
    expect(state).toBe("denied");
    expect(reasons.join()).toMatch(/: no probe from here is known; .*run mayfly probe here/);
    expect(findPaths).not.toHaveBeenCalled();
  });

  it("is denied for one operation that wants it beside one that does not", async () => {
    await grants.adopt(rulesOf({ ...usual, "orders-db/refund-order": probed(readRule) }));
    say(open);
    const operations = ["read-orders", "refund-order"];
    expect((await grants.request(agent, { ...read, operations })).state).toBe("denied");
    expect((await grants.request(agent, read)).state).toBe("approved");
    closed(0);
    expect((await grants.request(agent, { ...read, operations })).state).toBe("approved");
  });

  it("is denied by the strictest of two operations' demands", async () => {
    const strict = { ...readRule, terms: { ...readRule.terms, policy: "strict" } };
    await grants.adopt(
      rulesOf({
        "orders-db/read-orders": probed(readRule),
        "orders-db/refund-order": probed(strict, hour),
      }),
    );
    const ask = { ...read, operations: ["read-orders", "refund-order"] };
    closed(hour + 1);
    expect((await grants.request(agent, ask)).reasons.join()).toContain('policy "strict" demands');
    closed(hour);
    expect((await grants.request(agent, ask)).state).toBe("approved");
  });

  it("comes to nothing when the store does not say: nothing is granted, kept or recorded", async () => {
    away();
    const failed = await grants.request(agent, read).catch((thrown: unknown) => thrown);
    expect(failed).toMatchObject({ code: "store_unavailable", status: 503 });
    expect(String(failed)).not.toContain("connection lost");
    await settle();
    expect(await h.store.grants({ limit: 9 })).toEqual([]);
    expect(await h.store.requests({ limit: 9 })).toEqual([]);
    expect(h.log.disk).toEqual([]);
    closed(0);
    expect((await grants.request(agent, read)).state).toBe("approved");
  });
});

describe("what is known of the paths", () => {
  it("is asked for by who asks, from where, under which key and to which connection", async () => {
    await grants.request(agent, { ...read, key: "thumbprint" });
    expect(findPaths).toHaveBeenCalledTimes(1);
    const [asked] = findPaths.mock.calls[0] ?? [];
    expect(asked).toMatchObject({
      requester: { issuer: agent.issuer, subject: agent.subject, client: agent.client },
      from: { address: "10.0.0.1", key: "thumbprint" },
      connection: "orders-db",
    });
    await grants.request(agent, { ...read, clientAddress: "10.0.0.2" });
    expect(findPaths.mock.calls[1]?.[0].from).toEqual({ address: "10.0.0.2" });
    // As one socket has it, and as another may.
    await grants.request(agent, { ...read, clientAddress: "::ffff:10.0.0.2" });
    expect(findPaths.mock.calls[2]?.[0].from).toEqual({ address: "10.0.0.2" });
  });

  it("is not asked for where no policy demands it", async () => {
    await grants.adopt(rulesOf({ ...usual, "orders-db/refund-order": probed(refundRule) }));
    away();
    const request = await grants.request(agent, read);
    expect(request.state).toBe("approved");
    expect(request).not.toHaveProperty("paths");
    expect(findPaths).not.toHaveBeenCalled();
  });

  it("is not asked for again by the same idempotency key", async () => {
    const ask = { ...read, idempotencyKey: "k" };
    const first = await grants.request(agent, ask);
    say(open);
    expect((await grants.request(agent, ask)).id).toBe(first.id);
    expect(findPaths).toHaveBeenCalledTimes(1);
  });

  it("is what a reviewer sees: the digest of a request changes with it", async () => {
    const asked = await grants.request(agent, refund);
    expect(asked.state).toBe("pending");
    const stored = (await h.store.request(asked.id)) as AccessRequest;
    const { paths, ...none } = stored;
    const shown: readonly AccessRequest[] = [
      { ...none, paths: { ...paths!, closedAt: h.clock.wall() } },
      { ...none, paths: { ...paths!, probe: "pr_2" } },
      none,
    ];
    for (const other of shown) {
      h.store.request = async () => other;
      expect(await code(grants.approve(reviewer, asked.id, asked.digest, ""))).toBe("request_void");
    }
    expect(findPaths).toHaveBeenCalledTimes(1);
  });
});

describe("breaking glass", () => {
  const emergency = {
    policy: "on call breaks glass",
    defaultTtl: 5 * minute,
    maxTtl: 5 * minute,
    breakGlass: true as const,
  };
  const ask = { ...refund, reason: "INC-9: every refund of today was booked twice", breakGlass: true };
  const rules = (terms: NonNullable<Rule["emergency"]>): GrantRules =>
    rulesOf({ ...usual, "orders-db/refund-order": { ...refundRule, emergency: terms } });

  it("is denied without a probe where its policy wants one", async () => {
    await grants.adopt(rules({ ...emergency, closedPaths: day }));
    say(open);
    const denied = await grants.request(agent, ask);
    expect(denied.state).toBe("denied");
    expect(denied.reasons.join()).toContain('policy "on call breaks glass" demands');
    closed(day + 1);
    expect((await grants.request(agent, ask)).state).toBe("denied");
    closed(day);
    const { state, paths } = await grants.request(agent, ask);
    expect([state, paths?.closedAt]).toEqual(["approved", h.clock.wall() - day]);
    const told = h.log.disk.find(({ type }) => type === "break_glass.activated");
    expect(told?.detail).toHaveProperty("paths_closed_at");
  });

  it("needs none where only others want one", async () => {
    await grants.adopt(rules(emergency));
    away();
    expect((await grants.request(agent, ask)).state).toBe("approved");
    expect(findPaths).not.toHaveBeenCalled();
  });
});

describe("a reload", () => {
  const live = (request: AccessRequest): boolean => grants.live(grantOf(request)) !== undefined;

  it("that adds the demand ends a grant whose host nobody had probed, and keeps one that was probed", async () => {
    await grants.adopt(rulesOf(usual));
    const unprobed = await grants.request(agent, read);
    await grants.adopt(rulesOf({ ...usual, "orders-db/read-orders": probed(readRule, 2 * day) }));
    expect(live(unprobed)).toBe(false);
    const kept = await grants.request(agent, read);
    expect(await grants.adopt(demanding())).toEqual({ ended: 0, voided: 0 });
    expect(live(kept)).toBe(true);
  });

  it("that shortens the time ends what was probed too long before the ask, and nothing else", async () => {
    closed(3 * hour);
    const old = await grants.request(agent, read);
    closed(hour);
    const fresh = await grants.request(agent, read);
    expect(await grants.adopt(demanding(hour))).toEqual({ ended: 1, voided: 0 });
    expect([live(old), live(fresh)]).toEqual([false, true]);
    await settle();
    expect(await h.store.grant(grantOf(old))).toMatchObject({
      state: "revoked",
      endReason: "the new configuration no longer allows it",
    });
  });

  it("judges by the ask: a probe that has grown old since, or was found open, ends nothing", async () => {
    await grants.adopt(demanding(hour));
    const request = await grants.request(agent, { ...read, ttl: 15 * minute });
    h.clock.advance(10 * minute);
    say(open);
    findPaths.mockClear();
    expect(await grants.adopt(demanding(hour))).toEqual({ ended: 0, voided: 0 });
    expect(live(request)).toBe(true);
    expect(findPaths).not.toHaveBeenCalled();
  });

  it("voids what waits and was not probed", async () => {
    await grants.adopt(rulesOf(usual));
    const waits = await grants.request(agent, refund);
    await grants.adopt(demanding());
    expect(await code(grants.approve(reviewer, waits.id, waits.digest, ""))).not.toBe("succeeded");
    expect((await grants.find(agent, waits.id)).state).toBe("refused");
  });

  it("that takes the demand away grants what waits without looking", async () => {
    const waits = await grants.request(agent, refund);
    await grants.adopt(rulesOf(usual));
    away();
    const { state } = await grants.approve(reviewer, waits.id, waits.digest, "");
    expect(state).toBe("approved");
  });
});
