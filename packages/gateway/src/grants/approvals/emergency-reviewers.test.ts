import { beforeEach, describe, expect, it } from "vitest";
import type { MayflyError } from "../../kernel/errors.ts";
import type { Actor, Ask, Grants } from "../grants.ts";
import { code, grantOf, refund } from "../testing/asks.ts";
import {
  approvedBy,
  minute,
  readRule,
  refundRule,
  rulesOf,
  usual,
  type Harness,
} from "../testing/harness.ts";
import { agent, auditor, operator, person, reviewer } from "../testing/samples.ts";
import { useHarness } from "../testing/use-harness.ts";
import type { AccessRequest } from "../types.ts";

const emergency = {
  policy: "on call breaks glass",
  defaultTtl: 5 * minute,
  maxTtl: 5 * minute,
  breakGlass: true as const,
};
const everything = {
  ...usual,
  "orders-db/refund-order": { ...refundRule, emergency },
  "orders-db/read-orders": { ...readRule, emergency },
  "orders-db/drop-orders": { ...approvedBy({ by: ["sre"] }), emergency },
  "billing-api/refund": {
    ...approvedBy({ by: ["billing-leads"], escalate: { after: minute, to: ["sre"] } }),
    emergency,
  },
};
const rules = rulesOf(everything);
const ask: Ask = { ...refund, reason: "INC-9: every refund of today was booked twice", breakGlass: true };

let h: Harness;
let grants: Grants;
useHarness({ poll: false, rules }, (made) => {
  h = made;
  grants = made.grants;
});

let request: AccessRequest;
const take = async (more: Partial<Ask> = {}, who: Actor = agent): Promise<AccessRequest> => {
  const taken = await grants.request(who, { ...ask, ...more });
  if (taken.grant !== undefined) await grants.release(who, grantOf(taken));
  return taken;
};
const listed = async (who: Actor): Promise<readonly string[]> =>
  (await grants.requests(who, { all: true, emergencies: "any" })).map(({ id }) => id);

/** What somebody is told of a request, without its id. */
async function told(who: Actor, id: string): Promise<readonly string[]> {
  const answers = await Promise.allSettled([
    grants.find(who, id),
    grants.reviewEmergency(who, id, "seen"),
    grants.background(who, id),
    grants.withdraw(who, id),
    grants.refuse(who, id, "sha256:00", "no"),
    grants.wait(who, id, 0),
  ]);
  return answers.map((answer) => {
    if (answer.status === "fulfilled") return "shown";
    const { code: why, message, hint } = answer.reason as MayflyError;
    return `${why}: ${message}; ${hint}`.replaceAll(id, "ID");
  });
}
const unknown = "req_0000000000000000";

beforeEach(async () => {
  request = await take();
});

describe("an emergency is for whoever approves the same in ordinary times", () => {
  it("to list, to show and to review", async () => {
    expect(await listed(reviewer)).toEqual([request.id]);
    expect((await grants.find(reviewer, request.id)).breakGlass).toBe(true);
    expect(grants.whyNotReview(reviewer, request)).toBeUndefined();
    const after = await grants.reviewEmergency(reviewer, request.id, "only the double refunds");
    expect(after.reviews?.[0]?.reviewer.subject).toBe(reviewer.subject);
    expect(grants.whyNotReview(reviewer, after)).toBe("you have reviewed it already");
    expect(h.log.disk.at(-1)).toMatchObject({
      type: "break_glass.reviewed",
      principal: { subject: reviewer.subject },
    });
  });

  it("with how much was done, and how it ended", async () => {
    const taken = { grant: request.grant, connection: "orders-db", state: "released" };
    expect((await grants.background(reviewer, request.id)).taken).toMatchObject(taken);
    expect(await grants.background(reviewer, request.id)).toMatchObject({ readableGrants: undefined });
    const ordinary = await grants.request(agent, refund);
    expect(await grants.background(reviewer, ordinary.id)).not.toHaveProperty("taken");
  });

  it("also when an operation that needs no approval comes with it, or when its approval escalates to them", async () => {
    const both = await take({ operations: ["read-orders", "refund-order"] });
    expect(await listed(reviewer)).toEqual([both.id, request.id]);
    const billing = await take({ connection: "billing-api", operations: ["refund"] });
    expect(await listed(person("sre@example.com", { groups: ["sre"] }))).toEqual([billing.id]);
    expect(await listed(person("billing@example.com", { groups: ["billing-leads"] }))).toEqual([billing.id]);
  });

  it("and while it is active to see, not yet to review", async () => {
    const active = await grants.request(agent, ask);
    expect(await listed(reviewer)).toContain(active.id);
    expect(grants.whyNotReview(reviewer, active)).toBe("its grant is still active");
    expect(await code(grants.reviewEmergency(reviewer, active.id, "seen"))).toBe("still_active");
    await grants.release(agent, grantOf(active));
    expect(grants.whyNotReview(reviewer, active)).toBeUndefined();
  });

  it.each<[string, Actor, unknown?]>([
    ["reviewers of another connection", person("b@example.com", { groups: ["billing-leads"] })],
    ["reviewers of another operation", person("s@example.com", { groups: ["sre"] })],
    ["members of the group who are no reviewers", { ...reviewer, roles: [] }, "forbidden"],
    ["reviewers whom an agent acts for", { ...reviewer, actors: ["0oa1agent"] }, "forbidden"],
    ["agents in the group", { ...reviewer, kind: "agent" }, "forbidden"],
    ["the agent's owner", person("owner@example.com")],
    ["the agent's owner, by SAML", person("OWNER@example.com", { issuer: "http://www.okta.com/exk1" })],
    ["the owner by the provider's id", person("renamed@example.com", { uid: "owner@example.com" })],
    ["a person of the requester's name", person(agent.subject)],
  ])("and not for %s", async (_, who, ends = []) => {
    expect(await listed(who).catch(({ code: why }: MayflyError) => why)).toEqual(ends);
    expect(await told(who, request.id)).toEqual(await told(who, unknown));
    expect((await grants.find(operator, request.id)).reviews).toBeUndefined();
    expect(h.log.types()).not.toContain("break_glass.reviewed");
  });

  it("and not for whom the agent acted for, who acted in it, or who owns it by now", async () => {
    const person1 = { issuer: agent.issuer, subject: "lea@example.com" };
    const taken = await take({}, { ...agent, client: "0oa7", person: person1, actors: ["max@example.com"] });
    for (const login of ["lea@example.com", "max@example.com"]) {
      const who = person(login);
      expect(await listed(who)).toEqual([request.id]);
      expect(await told(who, taken.id)).toEqual(await told(who, unknown));
    }
    const late = person("new@example.com");
    expect(await listed(late)).toHaveLength(2);
    const current = (who: object): never => ({ ...who, owner: late.subject }) as never;
    await grants.adopt(rulesOf(everything, { current }));
    expect(await listed(late)).toEqual([]);
    expect(await told(late, request.id)).toEqual(await told(late, unknown));
    expect(await listed(reviewer)).toHaveLength(2);
  });

  it("and not for an owner of whom is learnt only as they review", async () => {
    const late = person("new@example.com");
    let owner: string | undefined;
    const current = (who: object): never => ({ ...who, ...(owner === undefined ? {} : { owner }) }) as never;
    const learn = async (): Promise<void> => {
      owner = late.subject;
    };
    await grants.adopt(rulesOf(everything, { current, learn }));
    expect(await listed(late)).toEqual([request.id]);
    expect(await code(grants.reviewEmergency(late, request.id, "seen"))).toBe("not_found");
    expect(h.log.types()).not.toContain("break_glass.reviewed");
  });

  it("and for no group where none approves all of it", async () => {
    const mixed = await take({ operations: ["refund-order", "drop-orders"] });
    const read = await take({ operations: ["read-orders"] });
    for (const group of ["support-leads", "sre"]) {
      const who = person(`${group}@example.com`, { groups: [group] });
      const seen = await listed(who);
      expect(seen).not.toContain(mixed.id);
      expect(seen).not.toContain(read.id);
      for (const { id } of [mixed, read]) expect(await told(who, id)).toEqual(await told(who, unknown));
    }
    expect(await listed(operator)).toEqual([read.id, mixed.id, request.id]);
    expect(await listed(auditor)).toEqual([read.id, mixed.id, request.id]);
    expect((await grants.reviewEmergency(operator, mixed.id, "seen")).reviews).toHaveLength(1);
  });

  it("as policy is now", async () => {
    const other = { ...approvedBy({ by: ["sre"] }), emergency };
    await grants.adopt(rulesOf({ ...everything, "orders-db/refund-order": other }));
    expect(await told(reviewer, request.id)).toEqual(await told(reviewer, unknown));
    expect(await listed(reviewer)).toEqual([]);
    expect(await listed(person("sre@example.com", { groups: ["sre"] }))).toEqual([request.id]);
    const { "orders-db/refund-order": _, ...without } = everything;
    await grants.adopt(rulesOf(without));
    expect(await listed(person("sre@example.com", { groups: ["sre"] }))).toEqual([]);
    expect(await listed(operator)).toEqual([request.id]);
  });

  it("and what took nothing, or took it without an emergency, stays as hidden as it was", async () => {
    const denied = await take({}, { ...agent, groups: [] });
    expect(denied.state).toBe("denied");
    const automatic = await grants.request(agent, { ...refund, operations: ["read-orders"] });
    expect(automatic.state).toBe("approved");
    for (const { id } of [denied, automatic])
      expect(await told(reviewer, id)).toEqual(await told(reviewer, unknown));
    expect(await listed(operator)).toEqual([request.id]);
  });
});

describe("a list of emergencies", () => {
  it("is of those that somebody, or nobody, has reviewed", async () => {
    const second = await take();
    await grants.request(agent, refund);
    await grants.reviewEmergency(operator, request.id, "seen");
    for (const who of [operator, auditor, reviewer]) {
      const of = async (emergencies: "any" | "reviewed" | "unreviewed"): Promise<readonly string[]> =>
        (await grants.requests(who, { all: true, emergencies })).map(({ id }) => id);
      expect(await of("any")).toEqual([second.id, request.id]);
      expect(await of("unreviewed")).toEqual([second.id]);
      expect(await of("reviewed")).toEqual([request.id]);
      expect(
        await grants.requests(who, { all: true, emergencies: "any", limit: 1, before: second.id }),
      ).toMatchObject([{ id: request.id }]);
    }
  });

  it("does not tell a reviewer whether their own was reviewed", async () => {
    const oncall = person("oncall@example.com", { groups: ["support-agents", "support-leads"] });
    const own = await take({}, oncall);
    await grants.reviewEmergency(operator, own.id, "seen");
    expect(await listed(oncall)).toEqual([own.id, request.id]);
    for (const emergencies of ["reviewed", "unreviewed"] as const)
      expect((await grants.requests(oncall, { all: true, emergencies })).map(({ id }) => id)).not.toContain(
        own.id,
      );
    expect(await code(grants.reviewEmergency(oncall, own.id, "fine"))).toBe("forbidden");
  });
});
