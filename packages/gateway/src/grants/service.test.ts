import { createHash, createHmac, pbkdf2Sync } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Ask, Grants } from "./grants.ts";
import {
  harness,
  minute,
  readRule,
  refundRule,
  rulesOf,
  settle,
  usual,
  type Harness,
} from "./testing/harness.ts";
import { agent, auditor, operator, person, reviewer } from "./testing/samples.ts";
import type { AccessRequest, GrantEnd } from "./types.ts";

const read: Ask = {
  connection: "orders-db",
  operations: ["read-orders"],
  reason: "TICKET-1",
  clientAddress: "10.0.0.1",
};
const refund: Ask = { ...read, operations: ["refund-order"] };
const other = { ...agent, subject: "0oa2", client: "0oa2", name: "other-bot" };

let h: Harness;
let grants: Grants;
beforeEach(async () => {
  h = await harness({ poll: false });
  grants = h.grants;
});
afterEach(() => h.close());

const grantOf = (request: AccessRequest): string => request.grant ?? "no grant";
const activeNow = async (ask: Ask = read): Promise<string> => grantOf(await grants.request(agent, ask));
const code = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "succeeded",
    (error: { code?: string }) => error.code,
  );

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
      terms: { ...refundRule.terms, approval: { by: ["sre"], count: 2, within: minute } },
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

describe("reviewing", () => {
  let request: AccessRequest;
  beforeEach(async () => {
    request = await grants.request(agent, refund);
  });
  const approve = (who = reviewer, digest = request.digest): Promise<AccessRequest> =>
    grants.approve(who, request.id, digest, "fine");

  it("activates on the last needed yes, and the term runs from then", async () => {
    h.clock.advance(20 * minute);
    const approved = await approve();
    expect(approved).toMatchObject({ state: "approved" });
    expect(grants.live(grantOf(approved))?.grant.endsAt).toBe(h.clock.wall() + 10 * minute);
    expect(h.log.types()).toEqual([
      "request.created",
      "approval.given",
      "request.approved",
      "grant.activated",
    ]);
    expect(h.log.disk[1]).toMatchObject({
      principal: { subject: reviewer.subject },
      detail: { digest: request.digest },
    });
  });

  it.each([
    ["an agent", { ...reviewer, kind: "agent" as const }, "not_found"],
    ["somebody without the role", { ...reviewer, roles: [] }, "not_found"],
    ["somebody outside the policy's groups", { ...reviewer, groups: ["sre"] }, "forbidden"],
    ["its requester", { ...reviewer, issuer: agent.issuer, subject: agent.subject }, "forbidden"],
    ["the agent's owner", person("owner@example.com"), "forbidden"],
    ["the agent's owner, spelt otherwise", person("Owner@Example.com"), "forbidden"],
    [
      "the agent's owner, signed in elsewhere",
      person("owner@example.com", { issuer: "https://example.okta.com" }),
      "forbidden",
    ],
    ["somebody whom an agent acts for", { ...reviewer, actors: ["0oa1agent"] }, "not_found"],
    ["an operator who is no reviewer", operator, "forbidden"],
  ])("is not for %s", async (_, who, expected) => {
    expect(await code(approve(who))).toBe(expected);
    expect(await code(grants.refuse(who, request.id, request.digest, ""))).toBe(expected);
    expect((await grants.find(agent, request.id)).approvals).toEqual([]);
  });

  it("is not for the person behind the agent, nor for anyone who acts in it", async () => {
    const behind = {
      ...other,
      person: { issuer: agent.issuer, subject: "lea@example.com" },
      actors: ["max@example.com"],
    };
    request = await grants.request(behind, refund);
    expect(await code(approve(person("lea@example.com")))).toBe("forbidden");
    expect(await code(approve(person("max@example.com")))).toBe("forbidden");
    expect((await approve(person("lea@example.com", { issuer: "https://elsewhere" }))).state).toBe(
      "approved",
    );
  });

  it("binds a yes to the digest", async () => {
    for (const wrong of ["", "sha256:00", `${request.digest} `, request.digest.toUpperCase()]) {
      expect(await code(approve(reviewer, wrong))).toBe("digest_mismatch");
    }
    const twin = await grants.request(agent, refund);
    expect(twin.digest).not.toBe(request.digest);
    expect(await code(approve(reviewer, twin.digest))).toBe("digest_mismatch");
  });

  it("counts one person once, and makes one grant of many clicks", async () => {
    const two = {
      ...refundRule,
      terms: { ...refundRule.terms, approval: { by: ["support-leads"], count: 2, within: minute } },
    };
    await grants.adopt(rulesOf({ ...usual, "orders-db/refund-order": two }));
    request = await grants.request(agent, refund);
    const clicks = await Promise.all([approve(), approve(), approve()].map(code));
    expect(clicks.filter((one) => one === "already_decided")).toHaveLength(2);
    expect((await grants.find(agent, request.id)).state).toBe("pending");
    const all = await Promise.all(["b", "c", "d"].map((name) => code(approve(person(name)))));
    expect(all.filter((one) => one === "succeeded")).toHaveLength(1);
    expect(h.log.types().filter((type) => type === "grant.activated")).toHaveLength(1);
  });

  it("ends at one no, even their own after a yes", async () => {
    const two = {
      ...refundRule,
      terms: { ...refundRule.terms, approval: { by: ["support-leads"], count: 2, within: minute } },
    };
    await grants.adopt(rulesOf({ ...usual, "orders-db/refund-order": two }));
    request = await grants.request(agent, refund);
    await approve();
    const refused = await grants.refuse(reviewer, request.id, request.digest, "changed my mind");
    expect(refused).toMatchObject({ state: "refused" });
    expect(refused.reasons.join()).toContain("changed my mind");
    expect(await code(approve(person("b")))).toBe("not_pending");
  });

  it("comes too late after the request's time, on either clock", async () => {
    h.clock.advance(30 * minute - 1);
    h.clock.stepWall(-3600_000);
    h.clock.advance(1);
    expect(await code(approve())).toMatch(/timed_out|not_pending/);
    await settle();
    expect((await grants.find(agent, request.id)).state).toBe("timed_out");
    expect(h.log.types()).toContain("request.timed_out");
    expect(await code(approve())).toBe("not_pending");
  });

  it("comes too late by the monotonic clock, although nobody could store the time-out", async () => {
    h.clock.stepWall(-3600_000);
    h.store.fault = (method) => (method === "moveRequest" ? "lost" : undefined);
    h.clock.advance(30 * minute);
    await settle();
    h.store.fault = undefined;
    expect(await code(approve())).toBe("timed_out");
  });

  it("voids a request whose operation, policy or requester changed since", async () => {
    const changes = [
      rulesOf(usual, { digests: { "orders-db/refund-order": "a wider scope" } }),
      rulesOf({ "orders-db/read-orders": readRule }),
      rulesOf(usual, { current: () => undefined }),
      rulesOf({
        ...usual,
        "orders-db/refund-order": { ...refundRule, terms: { ...refundRule.terms, policy: "another" } },
      }),
    ];
    for (const rules of changes) {
      await grants.adopt(rulesOf(usual));
      request = await grants.request(other, refund);
      // Only the store being away lets a request outlive the reload.
      h.store.fault = (method) => (method === "requests" ? "lost" : undefined);
      await grants.adopt(rules);
      h.store.fault = undefined;
      expect(await code(approve())).toBe("request_void");
      expect((await grants.find(other, request.id)).state).toBe("refused");
    }
    await grants.adopt(rulesOf(usual));
    request = await grants.request(other, refund);
    expect(await grants.adopt(rulesOf({}))).toEqual({ ended: 0, voided: 2 });
  });

  it("lets only the requester withdraw", async () => {
    expect(await code(grants.withdraw(other, request.id))).toBe("not_found");
    expect(await code(grants.withdraw(reviewer, request.id))).toBe("forbidden");
    expect((await grants.withdraw(agent, request.id)).state).toBe("withdrawn");
    expect((await grants.withdraw(agent, request.id)).state).toBe("withdrawn");
    expect(await code(approve())).toBe("not_pending");
  });

  it("wakes who waits, at once, and after the time", async () => {
    const waiting = grants.wait(agent, request.id, 30_000);
    const impatient = grants.wait(agent, request.id, 1000);
    const stop = new AbortController();
    const gone = grants.wait(agent, request.id, 30_000, stop.signal);
    await settle();
    stop.abort();
    expect((await gone).state).toBe("pending");
    h.clock.advance(1000);
    expect((await impatient).state).toBe("pending");
    await approve();
    expect((await waiting).state).toBe("approved");
    expect(await code(grants.wait(other, request.id, 30_000))).toBe("not_found");
  });
});

describe("seeing", () => {
  it("shows to each only what is theirs to see", async () => {
    const mine = await grants.request(agent, read);
    const pending = await grants.request(agent, refund);
    const grant = grantOf(mine);
    for (const viewer of [other, { ...agent, kind: "person" as const }, person("x", { roles: [] })]) {
      expect(await code(grants.find(viewer, mine.id))).toBe("not_found");
      expect(await code(grants.grant(viewer, grant))).toBe("not_found");
      expect(await code(grants.release(viewer, grant))).toBe("not_found");
      expect(await code(grants.collectSecret(viewer, grant))).toBe("not_found");
      expect(await grants.grants(viewer, {})).toEqual([]);
      expect(await grants.requests(viewer, {})).toEqual([]);
      expect(await code(grants.requests(viewer, { all: true }))).toBe("forbidden");
      expect(await code(grants.grants(viewer, { all: true }))).toBe("forbidden");
    }
    expect((await grants.requests(reviewer, { all: true })).map((one) => one.id)).toEqual([pending.id]);
    expect(await code(grants.grants(reviewer, { all: true }))).toBe("forbidden");
    for (const viewer of [operator, auditor]) {
      expect(await grants.requests(viewer, { all: true })).toHaveLength(2);
      expect((await grants.grants(viewer, { all: true, state: "active" })).map((one) => one.id)).toEqual([
        grant,
      ]);
      expect((await grants.grant(viewer, grant)).id).toBe(grant);
      expect(await code(grants.release(viewer, grant))).toBe("forbidden");
    }
    expect(await code(grants.revoke(auditor, grant, "no"))).toBe("forbidden");
    expect(await code(grants.lockdown(auditor, "no"))).toBe("forbidden");
    expect(await code(grants.lockdown({ ...operator, kind: "agent" }, "no"))).toBe("forbidden");
  });

  it("gives the secret once, to the requester, and shows its verifier to nobody", async () => {
    const grant = await activeNow();
    expect(await grants.verifier(grant)).toBeUndefined();
    const both = await Promise.all([grants.collectSecret(agent, grant), grants.collectSecret(agent, grant)]);
    const [secret] = both.filter((one) => one !== undefined);
    expect(both.filter((one) => one === undefined)).toHaveLength(1);
    const verifier = (await grants.verifier(grant)) ?? "";
    const [, iterations, salt, stored, server] =
      /^SCRAM-SHA-256\$(\d+):(.+)\$(.+):(.+)$/.exec(verifier) ?? [];
    const salted = pbkdf2Sync(
      secret ?? "",
      Buffer.from(salt ?? "", "base64"),
      Number(iterations),
      32,
      "sha256",
    );
    const mac = (text: string): Buffer => createHmac("sha256", salted).update(text).digest();
    expect(createHash("sha256").update(mac("Client Key")).digest("base64")).toBe(stored);
    expect(mac("Server Key").toString("base64")).toBe(server);
    const shown = [
      await grants.grant(agent, grant),
      await grants.grants(agent, {}),
      grants.live(grant)?.grant,
      h.log.disk,
    ];
    expect(JSON.stringify(shown)).not.toContain("SCRAM");
    expect(JSON.stringify(shown)).not.toContain(secret);
    await grants.release(agent, grant);
    expect(await grants.verifier(grant)).toBeUndefined();
    expect(await code(grants.collectSecret(agent, grant))).toBe("grant_ended");
  });
});

describe("ending", () => {
  const reasonOf = (signal: AbortSignal): GrantEnd => signal.reason as GrantEnd;

  it("expires at the deadline and not before", async () => {
    const grant = await activeNow();
    const ended = grants.live(grant)!.ended;
    h.clock.advance(5 * minute - 1);
    expect(grants.live(grant)).toBeDefined();
    h.clock.advance(1);
    expect(ended.aborted).toBe(true);
    expect(reasonOf(ended)).toEqual({ state: "expired", reason: `grant ${grant} expired after 5m` });
    expect(grants.live(grant)).toBeUndefined();
    await settle();
    expect(await grants.grant(agent, grant)).toMatchObject({ state: "expired", endedBy: "deadline" });
    expect(h.log.types().filter((type) => type === "grant.expired")).toHaveLength(1);
  });

  it("is not stretched by a wall clock stepped back, and ends early when it is stepped ahead", async () => {
    const grant = await activeNow();
    h.clock.stepWall(-3600_000);
    h.clock.advance(5 * minute - 1);
    expect(grants.live(grant)).toBeDefined();
    h.clock.advance(1);
    expect(grants.live(grant)).toBeUndefined();
    const next = await activeNow();
    h.clock.stepWall(5 * minute);
    expect(grants.live(next)).toBeUndefined();
  });

  it("cuts sessions within a second of the resume of a suspended machine", async () => {
    const grant = await activeNow();
    const ended = grants.live(grant)!.ended;
    // Suspended: the wall clock goes on, the monotonic one and its timers stand still.
    h.clock.stepWall(20 * minute);
    expect(ended.aborted).toBe(false);
    h.clock.advance(1000);
    expect(ended.aborted).toBe(true);
  });

  it("is not stretched by a restart with a wall clock stepped back", async () => {
    const grant = await activeNow();
    await grants.stop();
    h.clock.stepWall(-3600_000);
    const next = await h.another();
    h.clock.advance(5 * minute - 1);
    expect(next.live(grant)).toBeDefined();
    h.clock.advance(1);
    expect(next.live(grant)).toBeUndefined();
  });

  it("goes on after a restart until its deadline, and is over if that has passed", async () => {
    const grant = await activeNow();
    const short = await activeNow({ ...read, ttl: 1000 });
    await grants.stop();
    expect(grants.live(grant)).toBeUndefined();
    h.clock.advance(2 * minute);
    const next = await h.another();
    await settle();
    expect(next.live(grant)?.deadline.wall).toBe(h.clock.wall() + 3 * minute);
    expect(next.live(short)).toBeUndefined();
    expect((await next.grant(agent, short)).state).toBe("expired");
  });

  it("is released by its holder and revoked by an operator, once", async () => {
    const grant = await activeNow();
    const ended = grants.live(grant)!.ended;
    const all = await Promise.all([
      grants.release(agent, grant),
      grants.revoke(operator, grant, "suspicious"),
      grants.release(agent, grant),
    ]);
    expect(new Set(all.map((one) => one.state))).toEqual(new Set(["released"]));
    expect(reasonOf(ended).state).toBe("released");
    expect((await grants.release(agent, grant)).state).toBe("released");
    const next = await activeNow();
    expect(await grants.revoke(operator, next, "suspicious")).toMatchObject({
      state: "revoked",
      endedBy: operator.subject,
    });
    expect(h.log.types().filter((type) => type.startsWith("grant.re"))).toEqual([
      "grant.released",
      "grant.revoked",
    ]);
    expect(await code(grants.revoke(operator, next, " "))).toBe("invalid_request");
  });

  it("gives the secret to nobody who only sees the grant", async () => {
    const grant = await activeNow();
    expect(await code(grants.collectSecret(operator, grant))).toBe("not_found");
    expect(await grants.collectSecret(agent, grant)).toBeDefined();
  });

  it("ends when the identity is withdrawn", async () => {
    const grant = await activeNow();
    await grants.withdrawIdentity(grant, "token is no longer active");
    await grants.withdrawIdentity(grant, "again");
    expect(await grants.grant(agent, grant)).toMatchObject({ state: "revoked", endedBy: "identity" });
  });

  it("ends what a reload no longer allows, and nothing else", async () => {
    const kept = await activeNow({ ...read, ttl: minute });
    const long = await activeNow({ ...read, ttl: 10 * minute });
    const shorter = { ...readRule, terms: { ...readRule.terms, policy: "renamed", maxTtl: 5 * minute } };
    expect(await grants.adopt(rulesOf({ "orders-db/read-orders": shorter }))).toMatchObject({ ended: 1 });
    expect(grants.live(long)).toBeUndefined();
    expect(grants.live(kept)).toBeDefined();
    expect(
      await grants.adopt(rulesOf(usual, { digests: { "orders-db/read-orders": "narrower" } })),
    ).toMatchObject({ ended: 1 });
    const approvalNow = { ...readRule, terms: { ...readRule.terms, approval: refundRule.terms.approval! } };
    await grants.adopt(rulesOf(usual));
    const again = await activeNow();
    expect(await grants.adopt(rulesOf({ "orders-db/read-orders": approvalNow }))).toMatchObject({ ended: 1 });
    expect(grants.live(again)).toBeUndefined();
  });

  it("ends at once what a reload forbade while it was being stored", async () => {
    const gate = Promise.withResolvers<undefined>();
    h.store.fault = (method) => (method === "createRequest" ? gate.promise : undefined);
    const asking = grants.request(agent, read);
    await settle();
    expect(await grants.adopt(rulesOf({}))).toEqual({ ended: 0, voided: 0 });
    gate.resolve(undefined);
    const grant = grantOf(await asking);
    expect(grants.live(grant)).toBeUndefined();
    await settle();
    expect((await h.store.grant(grant))?.state).toBe("revoked");
  });

  it("judges by the hour of the ask when it judges again", async () => {
    const day = { ...readRule, when: (ask: { context: { hour: number } }) => ask.context.hour === 12 };
    await grants.adopt(rulesOf({ "orders-db/read-orders": day }));
    h.clock.advance(59 * minute);
    const grant = await activeNow();
    h.clock.advance(2 * minute);
    expect(await grants.adopt(rulesOf({ "orders-db/read-orders": day }))).toMatchObject({ ended: 0 });
    expect(grants.live(grant)).toBeDefined();
    expect((await grants.request(agent, read)).state).toBe("denied");
  });

  it("ends what a reload took the groups of", async () => {
    const grant = await activeNow();
    const current = (requester: typeof agent): typeof agent => ({ ...requester, groups: [] });
    expect(await grants.adopt(rulesOf(usual, { current: current as never }))).toMatchObject({ ended: 1 });
    expect(grants.live(grant)).toBeUndefined();
  });
});

describe("a lock-down", () => {
  it("ends all, refuses all, and survives a restart until it is lifted", async () => {
    const grant = await activeNow();
    const pending = await grants.request(agent, refund);
    const lockdown = await grants.lockdown(operator, "incident");
    expect(grants.locked).toEqual(lockdown);
    expect(grants.live(grant)).toBeUndefined();
    expect((await grants.grant(agent, grant)).state).toBe("revoked");
    expect((await grants.find(agent, pending.id)).state).toBe("refused");
    expect(await code(grants.request(agent, read))).toBe("locked_down");
    expect(await code(grants.approve(reviewer, pending.id, pending.digest, ""))).toBe("not_pending");
    expect(grants.offers(agent, "")).toEqual([]);
    await grants.stop();
    const next = await h.another();
    expect(next.locked).toEqual(lockdown);
    expect(await code(next.request(agent, read))).toBe("locked_down");
    expect(await code(next.lift(auditor))).toBe("forbidden");
    await next.lift(operator);
    expect((await next.request(agent, read)).state).toBe("approved");
    expect(h.log.types()).toContain("lockdown.lifted");
  });

  it("catches what is being activated meanwhile", async () => {
    const asks = Array.from({ length: 5 }, () => grants.request(agent, read));
    const locking = grants.lockdown(operator, "incident");
    const done = await Promise.allSettled([...asks, locking]);
    await settle();
    const made = done.flatMap((one) =>
      one.status === "fulfilled" && "grant" in one.value ? [one.value.grant] : [],
    );
    expect(made.map((id) => grants.live(id ?? ""))).toEqual(made.map(() => undefined));
    expect(await h.store.grants({ state: "active", limit: 9 })).toEqual([]);
  });

  it("keeps out a grant that is being stored, although the store has not heard of the lock-down", async () => {
    const gate = Promise.withResolvers<undefined>();
    h.store.fault = (method) => (method === "createRequest" ? gate.promise : "lost");
    const asking = grants.request(agent, read);
    await settle();
    expect(await code(grants.lockdown(operator, "incident"))).toBe("store_unavailable");
    h.store.fault = (method) => (method === "setLockdown" ? undefined : "lost");
    gate.resolve(undefined);
    const grant = grantOf(await asking);
    await settle();
    await grants.lift(operator);
    expect(grants.live(grant)).toBeUndefined();
  });

  it("holds here when log and store are away, and reaches them later", async () => {
    const grant = await activeNow();
    h.log.failing = "lost";
    h.store.fault = () => "lost";
    expect(await code(grants.lockdown(operator, "incident"))).toMatch(/unavailable/);
    expect(grants.locked).toBeDefined();
    expect(grants.live(grant)).toBeUndefined();
    h.log.failing = undefined;
    h.store.fault = undefined;
    h.clock.advance(1000);
    await settle();
    expect(await h.store.lockdown()).toEqual(grants.locked);
    expect((await h.store.grant(grant))?.state).toBe("revoked");
    expect(h.log.types()).toEqual(expect.arrayContaining(["lockdown.started", "grant.revoked"]));
  });
});

describe("several gateways on one store", () => {
  const tick = async (): Promise<void> => {
    h.clock.advance(1000);
    await settle();
  };

  it("learn of each other's grants, ends and lock-downs by looking", async () => {
    const b = await h.another({ poll: {} });
    const a = await h.another({ poll: {} });
    const grant = grantOf(await a.request(agent, read));
    expect(b.live(grant)).toBeUndefined();
    await tick();
    const ended = b.live(grant)!.ended;
    const secret = await a.collectSecret(agent, grant);
    expect(secret).toBeDefined();
    expect(await b.verifier(grant)).toMatch(/^SCRAM/);
    await a.release(agent, grant);
    await tick();
    expect(ended.aborted).toBe(true);
    expect(h.log.types().filter((type) => type === "grant.released")).toHaveLength(1);
    const next = grantOf(await b.request(agent, read));
    const pending = await b.request(agent, refund);
    const waiting = b.wait(agent, pending.id, 60_000);
    await a.lockdown(operator, "incident");
    await tick();
    expect(b.locked).toEqual(a.locked);
    expect(b.live(next)).toBeUndefined();
    expect((await waiting).state).toBe("refused");
    await a.lift(operator);
    await tick();
    expect(b.locked).toBeUndefined();
  });

  it("serve nothing new once the store could not be read within the bound, and end sessions at their deadline", async () => {
    const b = await h.another({ poll: { every: 1000, bound: 10_000 } });
    const grant = grantOf(await b.request(agent, read));
    const ended = b.live(grant)!.ended;
    h.store.fault = () => "lost";
    for (let second = 0; second < 10; second++) await tick();
    expect(b.live(grant)).toBeDefined();
    await tick();
    expect(b.unavailable).toContain("could not be read");
    expect(b.live(grant)).toBeUndefined();
    expect(await code(b.request(agent, read))).toBe("store_unavailable");
    expect(ended.aborted).toBe(false);
    h.store.fault = undefined;
    await tick();
    await tick();
    expect(b.unavailable).toBeUndefined();
    expect(b.live(grant)).toBeDefined();
    h.clock.advance(5 * minute);
    expect(ended.aborted).toBe(true);
  });

  it("make one grant when both take the last yes", async () => {
    const a = await h.another({ poll: {} });
    const b = await h.another({ poll: {} });
    const request = await a.request(agent, refund);
    const outcomes = await Promise.all([
      code(a.approve(reviewer, request.id, request.digest, "")),
      code(b.approve(person("second@example.com"), request.id, request.digest, "")),
    ]);
    expect(outcomes).toContain("succeeded");
    await settle();
    expect(await h.store.grants({ state: "active", limit: 9 })).toHaveLength(1);
  });

  it("do not take a lock-down back that the store has yet to hear of", async () => {
    const b = await h.another({ poll: {} });
    h.store.fault = (method) => (method === "setLockdown" ? "lost" : undefined);
    expect(await code(b.lockdown(operator, "incident"))).toBe("store_unavailable");
    await tick();
    await tick();
    expect(b.locked?.reason).toBe("incident");
    h.store.fault = undefined;
    await tick();
    expect(await h.store.lockdown()).toEqual(b.locked);
  });

  it("serve nothing before they have read the store", async () => {
    h.store.fault = () => "lost";
    await expect(h.another()).rejects.toThrow("store away");
  });
});
