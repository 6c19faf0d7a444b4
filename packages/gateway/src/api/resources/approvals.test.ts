import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import {
  approvedBy,
  harness,
  minute,
  refundRule,
  rulesOf,
  usual,
  type Harness,
} from "../../grants/testing/harness.ts";
import type { Verified } from "../../identity/principal.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { createApi } from "../server.ts";
import { fakes } from "../testing/fakes.ts";

const emergency = {
  policy: "on call",
  defaultTtl: 5 * minute,
  maxTtl: 5 * minute,
  breakGlass: true as const,
};
const rules = rulesOf({ ...usual, "orders-db/refund-order": { ...refundRule, emergency } });

let h: Harness;
let app: FastifyInstance;
/** What the provider says of the reviewer at the moment of the decision. */
let current: (verified: Verified) => Verified;

beforeEach(async () => {
  h = await harness({ poll: false, rules });
  current = (verified) => ({
    ...verified,
    principal: { ...verified.principal, groups: ["support-leads"] },
  });
  const all = fakes({ grants: h.grants, clock: h.clock });
  const people = { ...all.services.people, current: async (verified: Verified) => current(verified) };
  app = createApi({ ...all.services, people });
});
afterEach(async () => {
  await app.close();
  await h.close();
});

const call = (
  method: "GET" | "POST",
  url: string,
  who: string,
  payload?: Record<string, unknown>,
): Promise<LightMyRequestResponse> =>
  app.inject({
    method,
    url,
    headers: { authorization: `Bearer token-${who}` },
    ...(payload === undefined ? {} : { payload }),
  });
const ask = {
  connection: "orders-db",
  operations: ["read-orders", "refund-order"],
  reason: "TICKET-1: late parcel",
  ttl: "10m",
};
interface Shown {
  readonly id: string;
  readonly digest: string;
}
const asked = async (more: object = {}): Promise<Shown> =>
  (await call("POST", "/v1/requests", "agent", { ...ask, ...more })).json();

describe("a reviewer's page", () => {
  it("shows the sheet as it is bound, and whether one may decide", async () => {
    await call("POST", "/v1/requests", "agent", { ...ask, operations: ["read-orders"] });
    const { id } = await asked();
    const shown = (await call("GET", `/v1/requests/${id}`, "reviewer")).json();
    expect(shown).toMatchObject({
      state: "pending",
      requester: { name: "support-bot", owner: "owner@example.test" },
      break_glass: false,
      may_decide: false,
      why_not: "the policy asks for one of support-leads",
      approval: { by: ["support-leads"], count: 1, within_seconds: 1800, refusals: 1 },
      operations: [
        { name: "orders-db/read-orders", risk: "low" },
        { name: "orders-db/refund-order", risk: "low" },
      ],
      history: [{ connection: "orders-db", operations: ["orders-db/read-orders"], state: "active" }],
    });
    const own = (await call("GET", `/v1/requests/${id}`, "agent")).json();
    expect(own).toMatchObject({ may_decide: false, why_not: "only a person reviews" });
  });

  it("stays as it was at the ask, whatever is configured since", async () => {
    const { id } = await asked();
    await h.grants.adopt(rulesOf(usual, { words: { "orders-db/refund-order": { description: "other" } } }));
    const shown = (await call("GET", `/v1/requests/${id}`, "agent")).json();
    expect(shown.operations[1].description).toBe("orders-db/refund-order");
    expect(shown).toMatchObject({ state: "refused", may_decide: false, why_not: "it is refused" });
  });
});

describe("reviewing an emergency afterwards", () => {
  const emergencyAsk = { operations: ["refund-order"], ttl: "5m", break_glass: true };
  const review = (id: string, who: string, payload: Record<string, unknown> = { note: "seen" }) =>
    call("POST", `/v1/requests/${id}/review`, who, payload);

  it("keeps who found what, for everybody but the requester", async () => {
    const { id } = await asked({ ...emergencyAsk, reason: "INC-9: every refund was booked twice" });
    expect((await call("GET", `/v1/requests/${id}`, "operator")).json().reviews).toEqual([]);
    expect((await review(id, "operator")).json()).toMatchObject({ status: 409, code: "still_active" });
    const { grant_id: grant } = (await call("GET", `/v1/requests/${id}`, "operator")).json();
    await call("POST", `/v1/grants/${grant}/revoke`, "operator", { reason: "over" });
    const answer = await review(id, "operator", { note: "only double refunds" });
    expect(answer.statusCode).toBe(200);
    const kept = { reviewer: { name: "olaf@example.test" }, note: "only double refunds" };
    expect(answer.json()).toMatchObject({ state: "approved", reviews: [kept] });
    expect((await call("GET", `/v1/requests/${id}`, "auditor")).json().reviews).toMatchObject([kept]);
    const own = await call("GET", `/v1/requests/${id}`, "agent");
    expect(own.json()).not.toHaveProperty("reviews");
    expect(own.body).not.toContain("only double refunds");
    expect((await review(id, "operator")).json().code).toBe("already_reviewed");
  });

  it("is judged by the roles that the provider says at that moment", async () => {
    const { id } = await asked({ ...emergencyAsk, reason: "INC-9: every refund was booked twice" });
    current = (verified) => ({ ...verified, principal: { ...verified.principal, roles: [] } });
    expect((await review(id, "operator")).statusCode).toBe(404);
  });

  it.each([{}, { note: "" }, { note: 1 }, { note: "seen", digest: "x" }])(
    "takes a note alone: %j",
    async (body) => {
      expect((await review("req_0000000000000000", "operator", body)).statusCode).toBe(400);
    },
  );

  it("says nothing of reviews where there was no emergency", async () => {
    const { id } = await asked({ operations: ["read-orders"] });
    expect((await call("GET", `/v1/requests/${id}`, "operator")).json()).not.toHaveProperty("reviews");
  });
});

describe("deciding", () => {
  it("gives a part, with the groups that the provider says at that moment", async () => {
    const { id, digest } = await asked();
    const allow = { operations: ["orders-db/read-orders"], ttl: "3m" };
    const body = { digest, comment: "only look", allow };
    const answer = await call("POST", `/v1/requests/${id}/approve`, "reviewer", body);
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({
      state: "approved",
      approvals: [{ allowed: { operations: ["orders-db/read-orders"], ttl_seconds: 180 } }],
    });
    const grant = await h.store.grant(answer.json().grant_id);
    expect(grant?.operations).toEqual(["read-orders"]);
    expect((grant?.endsAt ?? 0) - (grant?.activatedAt ?? 0)).toBe(3 * minute);
  });

  it.each([
    ["more time", { ttl: "11m" }],
    ["no time", { ttl: "0s" }],
    ["something else", { operations: ["orders-db/hidden"] }],
    ["nothing", { operations: [] }],
    ["a member that is not known", { ttl: "3m", rows: 5 }],
  ])("never gives %s", async (_what, allow) => {
    const { id, digest } = await asked();
    const answer = await call("POST", `/v1/requests/${id}/approve`, "reviewer", { digest, allow });
    expect(answer.statusCode).toBe(400);
    expect((await h.store.request(id))?.approvals).toEqual([]);
  });

  it("takes no `allow` with a refusal", async () => {
    const { id, digest } = await asked();
    const answer = await call("POST", `/v1/requests/${id}/refuse`, "reviewer", { digest, allow: {} });
    expect(answer.statusCode).toBe(400);
  });

  it("is refused, and recorded, for a reviewer who has lost the group since signing in", async () => {
    const { id, digest } = await asked();
    current = (verified) => ({ ...verified, principal: { ...verified.principal, groups: [], roles: [] } });
    for (const decision of ["approve", "refuse"]) {
      const answer = await call("POST", `/v1/requests/${id}/${decision}`, "reviewer", { digest });
      expect([answer.statusCode, answer.json().code]).toEqual([403, "forbidden"]);
    }
    expect(h.log.types().filter((type) => type === "approval.refused_to")).toHaveLength(2);
    expect((await h.store.request(id))?.approvals).toEqual([]);
  });

  it("does nothing while the provider is away", async () => {
    const { id, digest } = await asked();
    current = () => {
      throw new MayflyError("provider_away", "the provider does not answer", {
        status: 503,
        hint: "try again",
      });
    };
    const answer = await call("POST", `/v1/requests/${id}/approve`, "reviewer", { digest });
    expect([answer.statusCode, answer.json().code]).toEqual([503, "provider_away"]);
    expect((await h.store.request(id))?.approvals).toEqual([]);
  });

  it("asks for a fresh sign-in as RFC 9470 says, where the policy does", async () => {
    await h.grants.adopt(
      rulesOf({ ...usual, "orders-db/refund-order": approvedBy({ freshSignIn: 10 * minute }) }),
    );
    const { id, digest } = await asked();
    const before = current;
    current = (verified) => ({ ...before(verified), authenticatedAt: h.clock.wall() - 11 * minute });
    const answer = await call("POST", `/v1/requests/${id}/approve`, "reviewer", { digest });
    expect([answer.statusCode, answer.json().code]).toEqual([401, "sign_in_again"]);
    expect(answer.headers["www-authenticate"]).toContain('error="insufficient_user_authentication"');
    expect(answer.headers["www-authenticate"]).toContain('max_age="600"');
    expect(answer.json().max_age).toBe(600);
    current = (verified) => ({ ...before(verified), authenticatedAt: h.clock.wall() - 9 * minute });
    const fresh = await call("POST", `/v1/requests/${id}/approve`, "reviewer", { digest });
    expect(fresh.statusCode).toBe(200);
  });
});

describe("the inbox", () => {
  it("holds what waits, in short", async () => {
    expect((await call("GET", "/v1/inbox", "reviewer")).json()).toEqual({ waiting: [], more: false });
    const { id } = await asked();
    const { waiting } = (await call("GET", "/v1/inbox", "reviewer")).json();
    expect(waiting).toEqual([
      {
        id,
        digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
        requester: {
          kind: "agent",
          issuer: "https://issuer.test/oauth2/aus1",
          subject: "support-bot",
          client: "support-bot",
          name: "support-bot",
          owner: "owner@example.test",
        },
        connection: "orders-db",
        operations: ["orders-db/read-orders", "orders-db/refund-order"],
        risk: "low",
        reason: ask.reason,
        ttl_seconds: 600,
        created_at: new Date(h.clock.wall()).toISOString(),
        waits_until: new Date(h.clock.wall() + 30 * minute).toISOString(),
        needed: 1,
        given: 0,
        escalated: false,
        may_decide: false,
        why_not: "the policy asks for one of support-leads",
      },
    ]);
    expect((await call("GET", "/v1/inbox", "operator")).statusCode).toBe(403);
  });
});

describe("breaking glass", () => {
  it("is asked for by name, gives the ways in at once, and is shown", async () => {
    const body = { ...ask, operations: ["refund-order"], ttl: "5m", break_glass: true };
    const answer = await call("POST", "/v1/requests", "agent", body);
    expect(answer.statusCode).toBe(201);
    expect(answer.json()).toMatchObject({ state: "approved", break_glass: true, policies: ["on call"] });
    expect(answer.json().grant.access.secret).toBeDefined();
    const offers = (await call("GET", "/v1/operations", "agent")).json().operations;
    expect(offers).toMatchObject([
      { name: "orders-db/read-orders" },
      { name: "orders-db/refund-order", break_glass: { policy: "on call", max_seconds: 300 } },
    ]);
    expect(offers[0]).not.toHaveProperty("break_glass");
    const short = await call("POST", "/v1/requests", "agent", { ...body, reason: "urgent" });
    expect([short.statusCode, short.json().code]).toEqual([400, "invalid_request"]);
  });
});

describe("lists", () => {
  it("say where the next page begins", async () => {
    const ids: string[] = [];
    for (let at = 0; at < 3; at++) ids.unshift((await asked({ operations: ["read-orders"] })).id);
    const first = (await call("GET", "/v1/requests?limit=2", "agent")).json();
    expect(first.requests.map(({ id }: Shown) => id)).toEqual(ids.slice(0, 2));
    expect(first.next_before).toBe(ids[1]);
    const next = (await call("GET", `/v1/requests?limit=2&before=${first.next_before}`, "agent")).json();
    expect(next.requests.map(({ id }: Shown) => id)).toEqual(ids.slice(2));
    expect(next).not.toHaveProperty("next_before");
    const grants = (await call("GET", "/v1/grants?limit=2", "agent")).json();
    expect(grants.grants).toHaveLength(2);
    const last = (await call("GET", `/v1/grants?limit=2&before=${grants.next_before}`, "agent")).json();
    expect(last.grants).toHaveLength(1);
  });

  it("say it also where nothing was found before the bound", async () => {
    const next = "req_0000000000000009";
    vi.spyOn(h.grants, "requestsPage").mockResolvedValue({ requests: [], next });
    const answer = await call("GET", "/v1/requests?all=true&emergencies=unreviewed", "reviewer");
    expect(answer.json()).toEqual({ requests: [], next_before: next });
  });

  it.each(["limit=0", "limit=501", "limit=-1", "limit=1e2", "limit=", "before=gr_1", "before='--"])(
    "refuse %s",
    async (query) => {
      expect((await call("GET", `/v1/requests?${query}`, "agent")).statusCode).toBe(400);
    },
  );
});
