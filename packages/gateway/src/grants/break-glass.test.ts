import { describe, expect, it } from "vitest";
import type { Ask, Grants } from "./grants.ts";
import { code } from "./testing/asks.ts";
import { refundRule, minute, readRule, rulesOf, usual, type Harness } from "./testing/harness.ts";
import { agent, operator } from "./testing/samples.ts";
import { useHarness } from "./testing/use-harness.ts";

const emergency = {
  policy: "on call breaks glass",
  defaultTtl: 5 * minute,
  maxTtl: 5 * minute,
  breakGlass: true as const,
};
const rules = rulesOf({ ...usual, "orders-db/refund-order": { ...refundRule, emergency } });
const ask: Ask = {
  connection: "orders-db",
  operations: ["refund-order"],
  reason: "INC-9: every refund of today was booked twice",
  breakGlass: true,
  clientAddress: "10.0.0.1",
};

let h: Harness;
let grants: Grants;
useHarness({ poll: false, rules }, (made) => {
  h = made;
  grants = made.grants;
});

describe("breaking glass", () => {
  it("activates at once, for a short time, with a record of its own type", async () => {
    const request = await grants.request(agent, ask);
    expect(request).toMatchObject({ state: "approved", breakGlass: true, policies: [emergency.policy] });
    expect(grants.live(request.grant ?? "")?.grant.endsAt).toBe(h.clock.wall() + 5 * minute);
    expect(h.log.types()).toEqual([
      "request.created",
      "request.approved",
      "grant.activated",
      "break_glass.activated",
    ]);
    expect(h.log.disk[3]).toMatchObject({
      principal: { subject: agent.subject },
      request: request.id,
      grant: request.grant,
      detail: { reason: ask.reason, ttl: "5m", break_glass: true, owner: "owner@example.com", sheet: [{}] },
    });
  });

  it("is off where no policy says so", async () => {
    await grants.adopt(rulesOf(usual));
    const denied = await grants.request(agent, ask);
    expect(denied.state).toBe("denied");
    expect(denied.reasons.join()).toContain("by breaking glass");
    // What is permitted the ordinary way is no emergency.
    expect((await grants.request(agent, { ...ask, operations: ["read-orders"] })).state).toBe("denied");
  });

  it("never counts for an ask that does not say so", async () => {
    await grants.adopt(rulesOf({ "orders-db/refund-order": { ...refundRule, emergency } }));
    const { breakGlass: _, ...ordinary } = ask;
    expect((await grants.request(agent, ordinary)).state).toBe("pending");
    expect((await grants.request(agent, { ...ask, breakGlass: false })).state).toBe("pending");
  });

  it("takes the named groups, and no longer than the policy's time", async () => {
    const other = { ...agent, subject: "0oa2", client: "0oa2", groups: ["elsewhere"] };
    expect((await grants.request(other, ask)).state).toBe("denied");
    expect((await grants.request(agent, { ...ask, ttl: 6 * minute })).state).toBe("denied");
  });

  it.each(["urgent", "               ", "short of fifteen", "é".repeat(14)])(
    "takes a reason that says something: %j",
    async (reason) => {
      const said = await code(grants.request(agent, { ...ask, reason }));
      expect(said).toBe(reason.length > 15 && reason.trim() !== "" ? "succeeded" : "invalid_request");
    },
  );

  it.each([
    ["joiners", `x${"\u200d".repeat(20)}`],
    ["accents", `x${"\u0301".repeat(20)}`],
    ["spaces", `x${" ".repeat(20)}y`],
    ["blank patterns", "\u2800".repeat(20)],
    ["accents on spaces", `x${" \u0301".repeat(20)}`],
  ])("does not take %s for words", async (_what, reason) => {
    expect(await code(grants.request(agent, { ...ask, reason }))).toBe("invalid_request");
  });

  it("ends with its policy, and with a lock-down, like any grant", async () => {
    const first = await grants.request(agent, ask);
    expect(await grants.adopt(rulesOf({ "orders-db/read-orders": readRule }))).toEqual({
      ended: 1,
      voided: 0,
    });
    expect(grants.live(first.grant ?? "")).toBeUndefined();
    await grants.adopt(rules);
    await grants.lockdown(operator, "incident");
    expect(await code(grants.request(agent, ask))).toBe("locked_down");
  });

  it("gives nothing without its record", async () => {
    h.log.failing = "lost";
    expect(await code(grants.request(agent, ask))).toBe("log_unavailable");
    expect(await h.store.grants({ limit: 9 })).toEqual([]);
  });

  it("is another ask under the same idempotency key", async () => {
    const { breakGlass: _, ...ordinary } = { ...ask, idempotencyKey: "k" };
    await grants.request(agent, ordinary);
    expect(await code(grants.request(agent, { ...ask, idempotencyKey: "k" }))).toBe("idempotency_conflict");
  });

  it("is offered beside the ordinary way, or alone", () => {
    const offers = grants.offers(agent, "10.0.0.1");
    const refund = offers.find(({ operation }) => operation === "refund-order");
    expect(refund?.outlook.terms?.approval).toBeDefined();
    expect(refund?.breakGlass?.terms).toEqual(emergency);
    expect(offers.find(({ operation }) => operation === "read-orders")?.breakGlass).toBeUndefined();
  });
});
