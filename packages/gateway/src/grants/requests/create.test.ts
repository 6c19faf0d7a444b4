import { describe, expect, it } from "vitest";
import type { Grants } from "../grants.ts";
import { code, grantOf, other, read, refund } from "../testing/asks.ts";
import { usual, minute, readRule, refundRule, rulesOf, type Harness } from "../testing/harness.ts";
import { agent } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";

let h: Harness;
let grants: Grants;
useHarness({ poll: false }, (made) => {
  h = made;
  grants = made.grants;
});

describe("asking", () => {
  it("gives a live grant at once where no approval is needed, recorded first", async () => {
    const request = await grants.request(agent, read);
    expect(request).toMatchObject({ state: "approved", ttl: 5 * minute, policies: [readRule.terms.policy] });
    const live = grants.live(grantOf(request));
    expect(live?.grant).toMatchObject({
      state: "active",
      endsAt: h.clock.wall() + 5 * minute,
      operations: ["read-orders"],
    });
    expect(live?.principal).toMatchObject({ kind: "agent", subject: agent.subject });
    expect(h.log.types()).toEqual(["request.created", "request.approved", "grant.activated"]);
    expect(await grants.find(agent, request.id)).toEqual(request);
  });

  it("denies, stores and records what no policy allows, without telling whether it exists", async () => {
    const unknown = await grants.request(agent, { ...read, operations: ["read-order"] });
    const hidden = await grants.request(agent, { ...read, operations: ["hidden"] });
    const wildcard = await grants.request(agent, { ...read, operations: ["*"] });
    const elsewhere = await grants.request(agent, { ...read, connection: "nothing" });
    for (const request of [unknown, hidden, wildcard, elsewhere]) {
      expect(request).toMatchObject({ state: "denied", policies: [] });
      expect(request.grant).toBeUndefined();
      expect((await grants.find(agent, request.id)).state).toBe("denied");
    }
    expect(unknown.reasons.join()).toContain("did you mean orders-db/read-orders?");
    expect(wildcard.reasons.join()).toContain("wildcards are never granted");
    expect(hidden.reasons.join().replace("hidden", "X")).toBe(
      (await grants.request(agent, { ...read, operations: ["zzzzzzzzzzz"] })).reasons
        .join()
        .replace("zzzzzzzzzzz", "X"),
    );
    expect(new Set(h.log.types())).toEqual(new Set(["request.denied"]));
  });

  it("hints at names only to those who may see them", async () => {
    const request = await grants.request(
      { ...agent, groups: ["nobody"] },
      { ...read, operations: ["read-order"] },
    );
    expect(request.reasons.join()).not.toContain("read-orders");
    expect(grants.offers({ ...agent, groups: [] }, "")).toEqual([]);
    expect(grants.offers(agent, "").map((offer) => offer.operation)).toEqual(["read-orders", "refund-order"]);
  });

  it.each([
    ["no operations", { operations: [] }],
    ["an operation twice", { operations: ["read-orders", "read-orders"] }],
    ["17 operations", { operations: Array.from({ length: 17 }, (_, at) => `op${at}`) }],
    ["no reason", { reason: "  " }],
    ["too long a reason", { reason: "x".repeat(501) }],
    ["a reason that forges a line", { reason: "ok\nrequest.approved" }],
    ["a reason that turns text around", { reason: "a\u202eb" }],
    ["a reason that nobody sees", { reason: "\u200b" }],
    ["a reason with tags that only a machine reads", { reason: "fine\u{e0061}\u{e0062}" }],
    ["a reason with half a character", { reason: "a\ud800" }],
    ["an operation with NUL", { operations: ["read-orders\0"] }],
    ["a time-to-live of nothing", { ttl: 0 }],
    ["a negative time-to-live", { ttl: -1 }],
    ["no number", { ttl: Number.NaN }],
    ["forever", { ttl: Number.POSITIVE_INFINITY }],
    ["operations that are no list", { operations: "read-orders" as unknown as string[] }],
    ["an empty idempotency key", { idempotencyKey: "" }],
  ])("refuses %s", async (_, wrong) => {
    expect(await code(grants.request(agent, { ...read, ...wrong }))).toBe("invalid_request");
    expect(h.log.disk).toEqual([]);
  });

  it("takes a reason of 500 characters, trimmed", async () => {
    expect((await grants.request(agent, { ...read, reason: `  ${"x".repeat(500)} ` })).reason).toBe(
      "x".repeat(500),
    );
  });

  it("denies more time than the policy allows and names the most", async () => {
    const long = await grants.request(agent, { ...read, ttl: 15 * minute + 1000 });
    expect(long).toMatchObject({ state: "denied" });
    expect(long.reasons.join()).toContain("15m or less");
    expect(await grants.request(agent, { ...read, ttl: 15 * minute })).toMatchObject({ state: "approved" });
    const both = await grants.request(agent, {
      ...read,
      operations: ["read-orders", "refund-order"],
      ttl: 12 * minute,
    });
    expect(both.state).toBe("denied");
  });

  it("covers several operations with the strictest approval and the smallest default", async () => {
    const both = await grants.request(agent, { ...read, operations: ["read-orders", "refund-order"] });
    expect(both).toMatchObject({ state: "pending", ttl: 5 * minute, approval: refundRule.terms.approval });
  });

  it("denies operations whose approvals differ in one request", async () => {
    const strict = {
      ...refundRule,
      terms: { ...refundRule.terms, approval: { by: ["sre"], count: 2, within: minute, refusals: 1 } },
    };
    await grants.adopt(rulesOf({ ...usual, "orders-db/drop": strict }));
    const mixed = await grants.request(agent, { ...read, operations: ["refund-order", "drop"] });
    expect(mixed).toMatchObject({ state: "denied" });
    expect(mixed.reasons.join()).toContain("in a request of its own");
  });

  it("judges the default time-to-live as if it had been asked for", async () => {
    const short = {
      ...readRule,
      when: (ask: { context: { requested_seconds: number } }) => ask.context.requested_seconds <= 60,
    };
    await grants.adopt(rulesOf({ "orders-db/read-orders": short }));
    expect((await grants.request(agent, read)).state).toBe("denied");
    expect((await grants.request(agent, { ...read, ttl: minute })).state).toBe("approved");
  });

  it("denies when the evaluation of policies throws", async () => {
    const broken = {
      ...readRule,
      when: () => {
        throw new Error("evaluation error");
      },
    };
    await grants.adopt(rulesOf({ "orders-db/read-orders": broken }));
    expect((await grants.request(agent, read)).state).toBe("denied");
  });

  it("answers an equal idempotency key with the first answer, and another ask with a conflict", async () => {
    const first = await grants.request(agent, { ...read, idempotencyKey: "k" });
    const again = await Promise.all(
      [1, 2, 3].map(() => grants.request(agent, { ...read, idempotencyKey: "k" })),
    );
    expect(again.map((request) => request.id)).toEqual([first.id, first.id, first.id]);
    expect(await code(grants.request(agent, { ...read, reason: "another", idempotencyKey: "k" }))).toBe(
      "idempotency_conflict",
    );
    expect((await grants.request(other, { ...read, idempotencyKey: "k" })).id).not.toBe(first.id);
    expect(h.log.types().filter((type) => type === "grant.activated")).toHaveLength(2);
  });

  it("bounds the pending requests of one principal, also when they come at once", async () => {
    const all = await Promise.allSettled(Array.from({ length: 6 }, () => grants.request(agent, refund)));
    expect(all.filter((one) => one.status === "fulfilled")).toHaveLength(3);
    expect(await code(grants.request(agent, refund))).toBe("too_many_pending");
    expect((await grants.request(other, refund)).state).toBe("pending");
    expect((await grants.request(agent, read)).state).toBe("approved");
  });
});
