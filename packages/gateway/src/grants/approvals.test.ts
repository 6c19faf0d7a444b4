import { beforeEach, describe, expect, it } from "vitest";
import type { Allow, Grants } from "./grants.ts";
import { both, code, refund } from "./testing/asks.ts";
import {
  refundRule,
  approvedBy,
  harness,
  minute,
  readRule,
  rulesOf,
  settle,
  usual,
  type Harness,
  type Rule,
} from "./testing/harness.ts";
import { agent, operator, person, reviewer } from "./testing/samples.ts";
import { useHarness } from "./testing/use-harness.ts";
import type { AccessRequest } from "./types.ts";

const sre = person("sre@example.com", { groups: ["sre"] });
const second = person("second@example.com");

let h: Harness;
let grants: Grants;
useHarness({ poll: false }, (made) => {
  h = made;
  grants = made.grants;
});

const approve = (who: typeof reviewer, request: AccessRequest, allow?: Allow): Promise<AccessRequest> =>
  grants.approve(who, request.id, request.digest, "", allow);
const refuse = (who: typeof reviewer, request: AccessRequest): Promise<AccessRequest> =>
  grants.refuse(who, request.id, request.digest, "no");
/** Adopts rules while the store cannot list what waits: only that lets a request outlive a reload. */
async function adoptUnseen(rules: Parameters<Grants["adopt"]>[0]): Promise<void> {
  h.store.fault = (method) => (method === "requests" ? "lost" : undefined);
  await grants.adopt(rules);
  h.store.fault = undefined;
}
const withRefund = (rule: Rule): Readonly<Record<string, Rule>> => ({
  ...usual,
  "orders-db/refund-order": rule,
});

describe("what a reviewer sees is what is bound", () => {
  it("holds each operation in words, and what became of the last grants", async () => {
    const counts = new Map<string, { acts: number; denied: number }>();
    await h.close();
    h = await harness({ poll: false, history: async () => counts });
    grants = h.grants;
    const asked = [];
    for (let at = 0; at < 7; at++) {
      h.clock.advance(1000);
      asked.push(await grants.request(agent, { ...refund, operations: ["read-orders"] }));
    }
    const last = asked.at(-1)?.grant ?? "";
    counts.set(last, { acts: 12, denied: 2 });
    await grants.revoke(operator, last, "too curious");
    const request = await grants.request(agent, both);
    expect(request.sheet.operations.map(({ name, risk }) => [name, risk])).toEqual([
      ["read-orders", "low"],
      ["refund-order", "low"],
    ]);
    expect(request.sheet.history).toHaveLength(5);
    expect(request.sheet.history[0]).toEqual({
      grant: last,
      connection: "orders-db",
      operations: ["read-orders"],
      activatedAt: h.clock.wall(),
      state: "revoked",
      acts: 12,
      denied: 2,
      endReason: `grant ${last} was revoked by ops@example.com: too curious`,
    });
    expect(request.sheet.history[1]).not.toHaveProperty("acts");
    const record = h.log.disk.find(
      ({ type, request: id }) => type === "request.created" && id === request.id,
    );
    expect(record?.detail).toMatchObject({ digest: request.digest, risk: "low", owner: "owner@example.com" });
    expect(record?.detail["history"]).toHaveLength(5);
    expect(record?.detail["sheet"]).toHaveLength(2);
  });

  it.each([
    ["fails", () => Promise.reject(new Error("index away"))],
    ["never answers", () => new Promise<never>(() => {})],
  ])("says that counts are not known when the audit index %s", async (_how, history) => {
    await h.close();
    h = await harness({ poll: false, history });
    grants = h.grants;
    await grants.request(agent, { ...refund, operations: ["read-orders"] });
    const asking = grants.request(agent, refund);
    await settle();
    h.clock.advance(1000);
    const [past] = (await asking).sheet.history;
    expect(past?.state).toBe("active");
    expect(past).not.toHaveProperty("acts");
    expect(past).not.toHaveProperty("denied");
  });

  const name = "orders-db/refund-order";
  it.each([
    ["the words of a scope", rulesOf(usual, { words: { [name]: { scope: ["statements: delete"] } } })],
    ["the description", rulesOf(usual, { words: { [name]: { description: "Refund" } } })],
    ["the risk", rulesOf(usual, { words: { [name]: { risk: "high" } } })],
    ["the digest of an operation", rulesOf(usual, { digests: { [name]: "another" } })],
    ["the owner", rulesOf(usual, { current: (who) => ({ ...who, owner: "new@example.com" }) })],
    ["whose approval it takes", rulesOf(withRefund(approvedBy({ by: ["sre"] })))],
    ["how many have to approve", rulesOf(withRefund(approvedBy({ count: 2 })))],
    ["to whom it escalates", rulesOf(withRefund(approvedBy({ escalate: { after: minute, to: ["sre"] } })))],
    ["how fresh a sign-in must be", rulesOf(withRefund(approvedBy({ freshSignIn: minute })))],
    ["how many noes end it", rulesOf(withRefund(approvedBy({ refusals: 2 })))],
  ])("is void once %s has changed", async (_what, rules) => {
    const request = await grants.request(agent, refund);
    await adoptUnseen(rules);
    expect(await code(approve(reviewer, request))).toMatch(/request_void|forbidden/);
    const other = person("lead2@example.com", { groups: ["support-leads", "sre"] });
    expect(await code(approve(other, request))).toMatch(/request_void|not_pending/);
    expect((await grants.find(agent, request.id)).state).toBe("refused");
    expect(h.log.types()).not.toContain("grant.activated");
    // And a reload that can read the store voids it by itself.
    await grants.adopt(rulesOf(usual));
    await grants.request(agent, refund);
    expect(await grants.adopt(rules)).toEqual({ ended: 0, voided: 1 });
  });

  it("is void when the row was changed behind our back", async () => {
    const request = await grants.request(agent, refund);
    h.store.fault = undefined;
    const wider = { ...request, ttl: 60 * minute };
    const before = h.store.request.bind(h.store);
    h.store.request = async (id) => (id === request.id ? wider : before(id));
    expect(await code(approve(reviewer, request))).toBe("request_void");
  });
});

describe("escalation", () => {
  const rules = rulesOf(withRefund(approvedBy({ escalate: { after: 10 * minute, to: ["sre"] } })));
  beforeEach(() => grants.adopt(rules));

  it("lets others decide after its time, and is recorded once", async () => {
    const request = await grants.request(agent, refund);
    expect(grants.whyNot(sre, request)).toContain("support-leads");
    h.clock.advance(10 * minute - 1);
    await settle();
    expect(await code(approve(sre, request))).toBe("forbidden");
    h.clock.advance(1);
    await settle();
    const now = await grants.find(agent, request.id);
    expect(now.escalatedAt).toBe(h.clock.wall());
    expect(grants.whyNot(sre, now)).toBeUndefined();
    const record = h.log.disk.find(({ type }) => type === "request.escalated");
    expect(record).toMatchObject({ request: request.id, detail: { to: ["sre"], after_ms: 10 * minute } });
    expect((await approve(sre, request)).state).toBe("approved");
    expect(h.log.types().filter((type) => type === "request.escalated")).toHaveLength(1);
  });

  it("leaves it to the first ones as well, and does not prolong the wait", async () => {
    const request = await grants.request(agent, refund);
    h.clock.advance(20 * minute);
    await settle();
    h.clock.advance(10 * minute);
    await settle();
    expect((await grants.find(agent, request.id)).state).toBe("timed_out");
    const next = await grants.request(agent, refund);
    h.clock.advance(15 * minute);
    await settle();
    expect((await approve(reviewer, next)).state).toBe("approved");
  });

  it("does not come for what was decided", async () => {
    const request = await grants.request(agent, refund);
    await refuse(reviewer, request);
    h.clock.advance(10 * minute);
    await settle();
    expect((await grants.find(operator, request.id)).escalatedAt).toBeUndefined();
    expect(h.log.types()).not.toContain("request.escalated");
  });

  it("comes after a restart too, and once although two gateways see it", async () => {
    const request = await grants.request(agent, refund);
    await grants.stop();
    h.clock.advance(5 * minute);
    const a = await h.another({ rules, poll: {} });
    await h.another({ rules, poll: {} });
    h.clock.advance(5 * minute);
    await settle();
    expect((await a.find(agent, request.id)).escalatedAt).toBe(h.clock.wall());
    h.clock.advance(minute);
    await settle();
    expect(h.log.types().filter((type) => type === "request.escalated")).toHaveLength(1);
  });

  it("comes when the store is back, and its record when the log is", async () => {
    const request = await grants.request(agent, refund);
    h.store.fault = (method) => (method === "escalate" ? "lost" : undefined);
    h.clock.advance(10 * minute);
    await settle();
    expect((await grants.find(agent, request.id)).escalatedAt).toBeUndefined();
    h.store.fault = undefined;
    h.log.failing = "lost";
    h.clock.advance(1000);
    await settle();
    expect((await grants.find(agent, request.id)).escalatedAt).toBeDefined();
    expect(h.log.types()).not.toContain("request.escalated");
    h.log.failing = undefined;
    h.clock.advance(1000);
    await settle();
    expect(h.log.types()).toContain("request.escalated");
  });

  it("never makes the requester's side reviewers", async () => {
    const request = await grants.request(agent, refund);
    h.clock.advance(10 * minute);
    await settle();
    expect(await code(approve(person("OWNER@example.com", { groups: ["sre"] }), request))).toBe("forbidden");
  });
});

describe("a fresh sign-in", () => {
  let request: AccessRequest;
  beforeEach(async () => {
    await grants.adopt(rulesOf(withRefund(approvedBy({ freshSignIn: 10 * minute }))));
    request = await grants.request(agent, refund);
  });
  const signedIn = (ago: number | undefined): typeof reviewer => ({
    ...reviewer,
    ...(ago === undefined ? {} : { authenticatedAt: h.clock.wall() - ago }),
  });

  it.each([
    ["it is not known when", undefined],
    ["it was too long ago", 10 * minute + 1],
    ["it lies in the future", -5 * minute],
    ["it is no number", Number.NaN],
  ])("is asked for again when %s", async (_when, ago) => {
    await expect(approve(signedIn(ago), request)).rejects.toMatchObject({
      code: "sign_in_again",
      status: 401,
      maxAge: 10 * minute,
    });
    expect((await grants.find(agent, request.id)).approvals).toEqual([]);
    expect(h.log.types()).toEqual(["request.created"]);
  });

  it.each([0, 10 * minute, -30_000])("that is %d ms old will do", async (ago) => {
    expect((await approve(signedIn(ago), request)).state).toBe("approved");
  });

  it("is not asked for a refusal", async () => {
    expect((await refuse(signedIn(undefined), request)).state).toBe("refused");
  });
});

describe("several refusals", () => {
  beforeEach(() => grants.adopt(rulesOf(withRefund(approvedBy({ count: 2, refusals: 2 })))));

  it("end it together, each recorded as it came", async () => {
    const request = await grants.request(agent, refund);
    expect((await refuse(reviewer, request)).state).toBe("pending");
    expect(await code(refuse(reviewer, request))).toBe("already_decided");
    expect(await code(refuse(person("LEAD@example.com"), request))).toBe("already_decided");
    expect(await code(approve(reviewer, request))).toBe("already_decided");
    const after = await refuse(second, request);
    expect(after.state).toBe("refused");
    expect(h.log.types()).toEqual(["request.created", "approval.given", "approval.given", "request.refused"]);
    expect(h.log.disk[1]?.detail).toMatchObject({ decision: "refuse", given: 1, of: 2 });
    expect(h.log.disk[2]?.detail).toMatchObject({ decision: "refuse", given: 2, of: 2 });
  });

  it("leave it to yeses that come first", async () => {
    const request = await grants.request(agent, refund);
    await refuse(reviewer, request);
    await approve(second, request);
    expect((await approve(person("third@example.com"), request)).state).toBe("approved");
  });

  it("that two gateways took at once end it too", async () => {
    const request = await grants.request(agent, refund);
    const other = await h.another({ rules: rulesOf(withRefund(approvedBy({ count: 2, refusals: 2 }))) });
    await Promise.all([refuse(reviewer, request), other.refuse(second, request.id, request.digest, "")]);
    await settle();
    expect((await grants.find(operator, request.id)).state).toBe("refused");
    expect(h.log.types().filter((type) => type === "request.refused").length).toBeGreaterThanOrEqual(1);
  });
});

describe("allowing less", () => {
  const rule = approvedBy({ count: 2 });
  const rules = rulesOf(withRefund(rule));
  const grantOf = async (request: AccessRequest): Promise<unknown> =>
    h.store.grant(request.grant ?? "no grant");

  it("gives exactly that, from the moment it is given", async () => {
    const request = await grants.request(agent, { ...both, ttl: 10 * minute });
    h.clock.advance(7 * minute);
    const less = { operations: ["orders-db/read-orders"], ttl: 3 * minute };
    const approved = await approve(reviewer, request, less);
    expect(approved).toMatchObject({ state: "approved", ttl: 10 * minute });
    expect(approved.reasons.join()).toContain("allowed: orders-db/read-orders for 3m");
    expect(await grantOf(approved)).toMatchObject({
      operations: ["read-orders"],
      policies: ["support agents read orders"],
      activatedAt: h.clock.wall(),
      endsAt: h.clock.wall() + 3 * minute,
    });
    const record = h.log.disk.find(({ type }) => type === "grant.activated");
    expect(record).toMatchObject({ operations: ["read-orders"], detail: { ttl: "3m" } });
    const given = h.log.disk.find(({ type }) => type === "approval.given");
    expect(given?.detail["allowed"]).toEqual({ operations: ["read-orders"], ttl_ms: 3 * minute });
    const live = grants.live(approved.grant ?? "");
    expect(live?.grant.operations).toEqual(["read-orders"]);
    h.clock.advance(3 * minute);
    expect(live?.ended.aborted).toBe(true);
  });

  it("holds for a yes that is tried again: whoever says something else then is told", async () => {
    const request = await grants.request(agent, { ...both, ttl: 10 * minute });
    h.log.before = () => (h.log.types().includes("approval.given") ? "lost" : undefined);
    expect(await code(approve(reviewer, request, { ttl: 5 * minute }))).toBe("log_unavailable");
    h.log.before = undefined;
    expect(await code(approve(reviewer, request, { ttl: 3 * minute }))).toBe("already_decided");
    expect(await code(approve(reviewer, request))).toBe("already_decided");
    const approved = await approve(reviewer, request, { ttl: 5 * minute });
    expect(grants.live(approved.grant ?? "")?.grant.endsAt).toBe(h.clock.wall() + 5 * minute);
  });

  it("of several reviewers, what all allow counts, and the shortest of their times", async () => {
    await grants.adopt(rules);
    const request = await grants.request(agent, { ...both, ttl: 10 * minute });
    await approve(reviewer, request, { ttl: 4 * minute });
    const approved = await approve(second, request, {
      operations: ["orders-db/refund-order"],
      ttl: 9 * minute,
    });
    expect(await grantOf(approved)).toMatchObject({
      operations: ["refund-order"],
      policies: ["a refund needs a person"],
      endsAt: h.clock.wall() + 4 * minute,
    });
  });

  it("refuses a yes that leaves nothing, and takes another", async () => {
    await grants.adopt(rules);
    const request = await grants.request(agent, both);
    await approve(reviewer, request, { operations: ["orders-db/read-orders"] });
    expect(await code(approve(second, request, { operations: ["orders-db/refund-order"] }))).toBe(
      "nothing_in_common",
    );
    const approved = await approve(second, request);
    expect(await grantOf(approved)).toMatchObject({ operations: ["read-orders"] });
  });

  it("voids a request whose yeses, taken through two gateways at once, leave nothing", async () => {
    await grants.adopt(rules);
    const other = await h.another({ rules });
    const request = await grants.request(agent, both);
    await Promise.allSettled([
      approve(reviewer, request, { operations: ["orders-db/read-orders"] }),
      other.approve(second, request.id, request.digest, "", { operations: ["orders-db/refund-order"] }),
    ]);
    await settle();
    const now = await grants.find(agent, request.id);
    // Either the second of them was refused, or nothing was granted.
    expect(now.grant).toBeUndefined();
    expect(now.approvals.length === 1 ? now.state === "pending" : now.state === "refused").toBe(true);
  });

  it.each<[string, Allow]>([
    ["longer", { ttl: 10 * minute + 1 }],
    ["no time", { ttl: 0 }],
    ["less than a second", { ttl: 999 }],
    ["half a millisecond", { ttl: 1000.5 }],
    ["no number", { ttl: Number.NaN }],
    ["nothing", { operations: [] }],
    ["something else", { operations: ["orders-db/hidden"] }],
    ["something on another connection", { operations: ["other-db/read-orders"] }],
    ["a bare name", { operations: ["read-orders"] }],
    ["one thing twice", { operations: ["orders-db/read-orders", "orders-db/read-orders"] }],
  ])("never gives more: %s", async (_what, allow) => {
    const request = await grants.request(agent, { ...both, ttl: 10 * minute });
    expect(await code(approve(reviewer, request, allow))).toBe("invalid_request");
    expect((await grants.find(agent, request.id)).approvals).toEqual([]);
  });

  it("is judged again for that part: a policy may not permit it alone", async () => {
    const long: Rule = {
      ...refundRule,
      when: (ask) => ask.context.requested_seconds === 0 || ask.context.requested_seconds >= 300,
    };
    await grants.adopt(rulesOf(withRefund(long)));
    const request = await grants.request(agent, { ...refund, ttl: 10 * minute });
    expect(await code(approve(reviewer, request, { ttl: minute }))).toBe("not_permitted");
    expect(h.log.types()).toEqual(["request.created"]);
    expect((await approve(reviewer, request, { ttl: 5 * minute })).state).toBe("approved");
  });

  it("is what a reload judges the grant by, and what a restart takes up", async () => {
    const request = await grants.request(agent, { ...both, ttl: 10 * minute });
    const approved = await approve(reviewer, request, {
      operations: ["orders-db/read-orders"],
      ttl: 5 * minute,
    });
    const id = approved.grant ?? "";
    // The refund it was not given may change or go.
    await grants.adopt(rulesOf(usual, { digests: { "orders-db/refund-order": "another" } }));
    expect(grants.live(id)).toBeDefined();
    await grants.adopt(rulesOf({ "orders-db/read-orders": readRule }));
    expect(grants.live(id)).toBeDefined();
    h.clock.stepWall(-60 * minute);
    const next = await h.another();
    expect(next.live(id)?.deadline.monotonic).toBe(h.clock.monotonic() + 5 * minute);
    await grants.adopt(rulesOf(usual, { digests: { "orders-db/read-orders": "another" } }));
    expect(grants.live(id)).toBeUndefined();
  });
});

describe("a decision that was not allowed", () => {
  it("is recorded with who tried what, and why it was not", async () => {
    const request = await grants.request(agent, refund);
    await code(approve(person("owner@example.com"), request));
    await code(refuse(sre, request));
    const tried = h.log.disk.filter(({ type }) => type === "approval.refused_to");
    expect(tried).toMatchObject([
      {
        request: request.id,
        principal: { subject: "owner@example.com" },
        detail: { tried: "approve", why: "the agent is yours" },
      },
      { request: request.id, principal: { subject: "sre@example.com" }, detail: { tried: "refuse" } },
    ]);
    expect(tried[0]?.detail).not.toHaveProperty("decision");
  });

  it("is recorded for who lost group and role since the sign-in, and answered with 403", async () => {
    const request = await grants.request(agent, refund);
    const lost = { ...reviewer, groups: [], roles: [] };
    expect(await code(approve(lost, request))).toBe("forbidden");
    expect(h.log.types()).toContain("approval.refused_to");
  });

  it("does not flood the log", async () => {
    const request = await grants.request(agent, refund);
    const count = (): number => h.log.types().filter((type) => type === "approval.refused_to").length;
    for (let click = 0; click < 100; click++) await code(approve(sre, request));
    expect(count()).toBe(5);
    h.clock.advance(minute);
    await code(approve(sre, request));
    expect(count()).toBe(6);
    expect(h.log.disk.at(-1)?.detail).toMatchObject({ left_out_before: 95 });
    for (let who = 0; who < 2000; who++)
      await code(approve(person(`${who}@example.com`, { groups: [] }), request));
    expect(count()).toBeLessThanOrEqual(60);
  });

  it("is refused all the same while the log is away", async () => {
    const request = await grants.request(agent, refund);
    h.log.failing = "append";
    expect(await code(approve(sre, request))).toBe("forbidden");
  });
});
