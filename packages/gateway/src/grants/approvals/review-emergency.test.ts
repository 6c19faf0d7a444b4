import { beforeEach, describe, expect, it } from "vitest";
import type { Actor, Ask, Grants } from "../grants.ts";
import { code, grantOf, refund } from "../testing/asks.ts";
import { minute, refundRule, rulesOf, usual, type Harness } from "../testing/harness.ts";
import { agent, auditor, operator, person, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";
import type { AccessRequest } from "../types.ts";

const emergency = {
  policy: "on call breaks glass",
  defaultTtl: 5 * minute,
  maxTtl: 5 * minute,
  breakGlass: true as const,
};
const withEmergency = { ...usual, "orders-db/refund-order": { ...refundRule, emergency } };
const rules = rulesOf(withEmergency);
const ask: Ask = { ...refund, reason: "INC-9: every refund of today was booked twice", breakGlass: true };

let h: Harness;
let grants: Grants;
useHarness({ poll: false, rules }, (made) => {
  h = made;
  grants = made.grants;
});

const someone = (login: string, more: Partial<Actor> = {}): Actor =>
  person(login, { groups: ["platform"], roles: ["operator"], ...more });

describe("reviewing an emergency afterwards", () => {
  let request: AccessRequest;
  const review = (who: Actor, note = "only the double refunds"): Promise<AccessRequest> =>
    grants.reviewEmergency(who, request.id, note);
  beforeEach(async () => {
    request = await grants.request(agent, ask);
    await grants.release(agent, grantOf(request));
  });

  it("is recorded with its note, kept with the request, and changes nothing else", async () => {
    const before = await grants.find(operator, request.id);
    expect(before.reviews).toBeUndefined();
    const after = await review({ ...operator, uid: "00uOPS", displayName: "Olga" });
    const { id: _, ...kept } = after.reviews?.[0] ?? { id: "" };
    expect(kept).toEqual({
      reviewer: {
        issuer: operator.issuer,
        subject: operator.subject,
        uid: "00uOPS",
        name: operator.name,
        displayName: "Olga",
      },
      note: "only the double refunds",
      at: h.clock.wall(),
    });
    expect({ ...after, reviews: undefined }).toEqual({ ...before, reviews: undefined });
    expect(h.log.disk.at(-1)).toMatchObject({
      type: "break_glass.reviewed",
      principal: { subject: operator.subject },
      request: request.id,
      grant: request.grant,
      detail: { note: "only the double refunds", review: after.reviews?.[0]?.id },
    });
  });

  it("is for several people, and for each of them once, whatever their login is called", async () => {
    await review(operator);
    const again = { ...operator, subject: operator.subject.toUpperCase(), issuer: "https://elsewhere" };
    for (const who of [operator, again]) expect(await code(review(who))).toBe("already_reviewed");
    expect((await review(reviewer)).reviews).toHaveLength(2);
    const twice = await Promise.all([1, 2].map(() => code(review(someone("twice@example.com")))));
    expect(new Set(twice)).toEqual(new Set(["already_reviewed", "succeeded"]));
    expect(h.log.types().filter((type) => type === "break_glass.reviewed")).toHaveLength(3);
  });

  it.each<[string, Actor, string]>([
    ["the requester itself", { ...agent, roles: ["operator"] }, "forbidden"],
    ["a person of the requester's name", someone(agent.subject), "forbidden"],
    ["the agent's owner", someone("owner@example.com"), "forbidden"],
    [
      "the agent's owner, by SAML",
      someone("OWNER@example.com", { issuer: "http://www.okta.com/exk1" }),
      "forbidden",
    ],
    ["an operator whom an agent acts for", someone("a@example.com", { actors: ["0oa1agent"] }), "not_found"],
    ["an auditor", auditor, "forbidden"],
    [
      "an auditor who reviews something else",
      person("both@example.com", { groups: ["sre"], roles: ["reviewer", "auditor"] }),
      "forbidden",
    ],
    ["a reviewer of something else", person("sre@example.com", { groups: ["sre"] }), "not_found"],
    ["a reviewer on the requester's side", person("owner@example.com"), "not_found"],
    ["somebody without a role", person("x@example.com", { roles: [] }), "not_found"],
  ])("is not for %s", async (_, who, expected) => {
    expect(await code(review(who))).toBe(expected);
    expect((await grants.find(operator, request.id)).reviews).toBeUndefined();
    expect(h.log.types()).not.toContain("break_glass.reviewed");
    const told = h.log.types().filter((type) => type === "approval.refused_to");
    expect(told).toHaveLength(expected === "forbidden" ? 1 : 0);
  });

  it("is not for whom the agent acts for, who acts in it, or who owns it by now", async () => {
    const behind = {
      ...agent,
      client: "0oa7",
      person: { issuer: agent.issuer, subject: "lea@example.com" },
      actors: ["max@example.com"],
    };
    request = await grants.request(behind, ask);
    await grants.release(behind, grantOf(request));
    for (const login of ["lea@example.com", "max@example.com"])
      expect(await code(review(someone(login)))).toBe("forbidden");
    await grants.adopt(
      rulesOf(withEmergency, { current: (who: object) => ({ ...who, owner: "new@example.com" }) as never }),
    );
    expect(await code(review(someone("new@example.com")))).toBe("forbidden");
    expect((await review(operator)).reviews).toHaveLength(1);
  });

  it("comes after the end", async () => {
    request = await grants.request(agent, ask);
    expect(await code(review(operator))).toBe("still_active");
    await grants.revoke(operator, grantOf(request), "enough");
    expect(await code(review(operator))).toBe("succeeded");
  });

  it("takes a note that says something", async () => {
    for (const note of ["", "  ", "\u2800", "x".repeat(1001), "a\u202eb"])
      expect(await code(review(operator, note))).toBe("invalid_request");
  });

  it("is of emergencies alone", async () => {
    request = await grants.request(agent, { ...refund, operations: ["read-orders"] });
    await grants.release(agent, grantOf(request));
    expect(await code(review(operator))).toBe("no_emergency");
    request = await grants.request({ ...agent, groups: [] }, ask);
    expect(request.state).toBe("denied");
    expect(await code(review(operator))).toBe("no_emergency");
  });

  it("goes on while everything is locked down", async () => {
    await grants.lockdown(operator, "incident");
    expect(await code(review(operator))).toBe("succeeded");
  });

  it("is not kept without its record, and says when it is on record alone", async () => {
    h.log.failing = "lost";
    expect(await code(review(operator))).toBe("log_unavailable");
    expect((await grants.find(operator, request.id)).reviews).toBeUndefined();
    h.log.failing = undefined;
    h.store.fault = (method) => (method === "addReview" ? "lost" : undefined);
    expect(await code(review(operator))).toBe("store_unavailable");
    h.store.fault = (method) => (method === "addReview" ? "kept" : undefined);
    expect((await review(operator)).reviews).toHaveLength(1);
  });
});
