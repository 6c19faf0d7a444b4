import { beforeEach, describe, expect, it } from "vitest";
import type { Grants } from "../grants.ts";
import { code, grantOf, other, refund } from "../testing/asks.ts";
import { refundRule, minute, readRule, rulesOf, settle, usual, type Harness } from "../testing/harness.ts";
import { agent, operator, person, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";
import type { AccessRequest } from "../types.ts";

let h: Harness;
let grants: Grants;
useHarness({ poll: false }, (made) => {
  h = made;
  grants = made.grants;
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
    ["somebody without the role", { ...reviewer, roles: [] }, "forbidden"],
    ["somebody outside the policy's groups", { ...reviewer, groups: ["sre"] }, "forbidden"],
    ["its requester", { ...reviewer, issuer: agent.issuer, subject: agent.subject }, "forbidden"],
    ["the agent's owner", person("owner@example.com"), "forbidden"],
    ["the agent's owner, spelt otherwise", person("Owner@Example.com"), "forbidden"],
    [
      "the agent's owner, signed in elsewhere",
      person("owner@example.com", { issuer: "https://example.okta.com" }),
      "forbidden",
    ],
    ["somebody whom an agent acts for", { ...reviewer, actors: ["0oa1agent"] }, "forbidden"],
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
    // Nor are they when they come by SAML, or from another authorization server.
    for (const login of ["lea@example.com", "Lea@Example.com", "max@example.com"])
      expect(await code(approve(person(login, { issuer: "https://elsewhere" })))).toBe("forbidden");
    expect((await approve(reviewer)).state).toBe("approved");
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
      terms: {
        ...refundRule.terms,
        approval: { by: ["support-leads"], count: 2, within: minute, refusals: 1 },
      },
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
      terms: {
        ...refundRule.terms,
        approval: { by: ["support-leads"], count: 2, within: minute, refusals: 1 },
      },
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
    expect(await code(approve())).toBe("timed_out");
    await settle();
    expect((await grants.find(agent, request.id)).state).toBe("timed_out");
    expect(h.log.types()).toContain("request.timed_out");
    // Whoever answers later still is told why, and not that somebody was faster.
    expect(await code(approve())).toBe("timed_out");
    expect(await code(grants.refuse(reviewer, request.id, request.digest, "no"))).toBe("timed_out");
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

  it("is not for whom the directory names as the agent's owner by now", async () => {
    const current = (who: object): object => ({ ...who, owner: "new@example.com" });
    const owned = (who: object): object => ({ ...who, owner: "owner@example.com" });
    await grants.adopt(rulesOf(usual, { current: owned as never }));
    request = await grants.request(agent, refund);
    // Only the store being away lets a request outlive the reload.
    h.store.fault = (method) => (method === "requests" ? "lost" : undefined);
    await grants.adopt(rulesOf(usual, { current: current as never }));
    h.store.fault = undefined;
    for (const owner of ["new@example.com", "NEW@example.com", "owner@example.com"]) {
      expect(await code(approve(person(owner)))).toBe("forbidden");
      expect(await code(approve(person(owner, { issuer: "https://saml.example.com" })))).toBe("forbidden");
    }
    // And its reviewers would have been shown another owner.
    expect(await code(approve())).toBe("request_void");
  });

  it.each([
    ["in capitals", person("LEAD@EXAMPLE.COM")],
    ["in other letters of Unicode", person("lead\uff20example.com")],
    [
      "at another authorization server of the org",
      person("lead@example.com", { issuer: "https://example.okta.com/oauth2/aus2" }),
    ],
    ["by SAML", person("lead@example.com", { issuer: "http://www.okta.com/exk1", client: "mayfly-console" })],
  ])("counts a person once, also %s", async (_how, again) => {
    await grants.adopt(
      rulesOf({
        ...usual,
        "orders-db/refund-order": {
          ...refundRule,
          terms: {
            ...refundRule.terms,
            approval: { by: ["support-leads"], count: 2, within: 30 * minute, refusals: 1 },
          },
        },
      }),
    );
    request = await grants.request(other, refund);
    expect((await approve()).state).toBe("pending");
    expect(await code(approve(again))).toBe("already_decided");
    // Two gateways may each take one of them at the same moment.
    await h.store.addApproval(request.id, {
      id: "apr_elsewhere",
      reviewer: { issuer: again.issuer, subject: again.subject, name: again.name },
      decision: "approve",
      comment: "",
      digest: request.digest,
      at: h.clock.wall(),
    });
    expect(await code(approve())).toBe("already_decided");
    expect((await approve(person("second@example.com"))).state).toBe("approved");
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
