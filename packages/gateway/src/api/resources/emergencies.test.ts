import type { FastifyInstance, LightMyRequestResponse } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { harness, minute, refundRule, rulesOf, usual, type Harness } from "../../grants/testing/harness.ts";
import type { Verified } from "../../identity/principal.ts";
import { createApi } from "../server.ts";
import { fakes } from "../testing/fakes.ts";

// Emergencies as a reviewer in the group of their approvals sees them, and one of another group.

const emergency = {
  policy: "on call",
  defaultTtl: 5 * minute,
  maxTtl: 5 * minute,
  breakGlass: true as const,
};
const rules = rulesOf({ ...usual, "orders-db/refund-order": { ...refundRule, emergency } });

let h: Harness;
let app: FastifyInstance;
/** The reviewer's groups: those of their token, and those at the moment of a review. */
let groups: readonly string[];
let groupsNow: readonly string[];

beforeEach(async () => {
  h = await harness({ poll: false, rules });
  groups = ["support-leads"];
  groupsNow = ["support-leads"];
  const all = fakes({ grants: h.grants, clock: h.clock });
  const inGroups = (verified: Verified, of: readonly string[]): Verified =>
    verified.principal.roles.includes("reviewer")
      ? { ...verified, principal: { ...verified.principal, groups: of } }
      : verified;
  app = createApi({
    ...all.services,
    identity: {
      ...all.services.identity,
      verify: async (token, options) => inGroups(await all.services.identity.verify(token, options), groups),
    },
    people: { ...all.services.people, current: async (verified) => inGroups(verified, groupsNow) },
  });
});
afterEach(async () => {
  await app.close();
  await h.close();
});

const call = (
  method: "GET" | "POST" | "DELETE",
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
const unreviewed = async (who: string): Promise<readonly string[]> => {
  const answer = await call("GET", "/v1/requests?all=true&emergencies=unreviewed", who);
  return answer.json().requests.map(({ id }: { id: string }) => id);
};
const counted = async (): Promise<number> =>
  (await call("GET", "/v1/overview", "operator")).json().now.unreviewed;

/** An emergency that is over. */
async function taken(): Promise<string> {
  const asked = await call("POST", "/v1/requests", "agent", {
    connection: "orders-db",
    operations: ["refund-order"],
    reason: "INC-9: every refund was booked twice",
    ttl: "5m",
    break_glass: true,
  });
  const { id, grant } = asked.json();
  await call("DELETE", `/v1/grants/${grant.id}`, "agent");
  return id;
}

describe("emergencies to review", () => {
  it("are listed, shown and reviewed by reviewers of what they took, operators and, but for the review, auditors", async () => {
    const id = await taken();
    for (const who of ["reviewer", "operator", "auditor"]) expect(await unreviewed(who)).toEqual([id]);
    expect(await counted()).toBe(1);
    expect((await call("GET", `/v1/requests/${id}`, "reviewer")).json()).toMatchObject({
      reviews: [],
      may_review: true,
    });
    const background = (await call("GET", `/v1/requests/${id}/background`, "reviewer")).json();
    expect(background.taken).toMatchObject({ operations: ["orders-db/refund-order"], state: "released" });
    expect(background).not.toHaveProperty("denials");
    expect((await call("GET", `/v1/requests/${id}`, "auditor")).json()).toMatchObject({
      may_review: false,
      why_not_review: "you have neither the role operator nor reviewer",
    });
    const answer = await call("POST", `/v1/requests/${id}/review`, "reviewer", { note: "double refunds" });
    expect(answer.json()).toMatchObject({
      reviews: [{ reviewer: { name: "rita@example.test" }, note: "double refunds" }],
      may_review: false,
      why_not_review: "you have reviewed it already",
    });
    for (const who of ["reviewer", "operator", "auditor"]) expect(await unreviewed(who)).toEqual([]);
    expect(await counted()).toBe(0);
  });

  it("are nothing to reviewers of something else: the same answer as for what does not exist", async () => {
    const id = await taken();
    groups = ["sre"];
    groupsNow = ["sre"];
    expect(await unreviewed("reviewer")).toEqual([]);
    const unknown = "req_0000000000000000";
    const both = async (method: "GET" | "POST", path: string, body?: Record<string, unknown>) => {
      const [real, none] = await Promise.all(
        [id, unknown].map((one) => call(method, `/v1/requests/${one}${path}`, "reviewer", body)),
      );
      expect(real?.statusCode).toBe(404);
      expect(real?.body.replaceAll(id, unknown)).toBe(none?.body);
    };
    await both("GET", "");
    await both("GET", "?wait=1s");
    await both("GET", "/background");
    await both("POST", "/review", { note: "seen" });
    await both("POST", "/refuse", { digest: `sha256:${"0".repeat(64)}` });
  });

  it("are reviewed by the groups of that moment", async () => {
    const id = await taken();
    groupsNow = ["sre"];
    expect((await call("POST", `/v1/requests/${id}/review`, "reviewer", { note: "seen" })).statusCode).toBe(
      404,
    );
    expect(await unreviewed("operator")).toEqual([id]);
  });

  it("are nothing that their requester is told of", async () => {
    const id = await taken();
    const own = (await call("GET", `/v1/requests/${id}`, "agent")).json();
    for (const member of ["reviews", "may_review", "why_not_review"]) expect(own).not.toHaveProperty(member);
    for (const path of ["all=true&emergencies=any", "emergencies=reviewed"]) {
      const answer = await call("GET", `/v1/requests?${path}`, "agent");
      expect(answer.json()).toMatchObject(
        path.startsWith("all") ? { code: "role_required" } : { status: 400, code: "invalid_request" },
      );
    }
    expect((await call("GET", "/v1/requests?all=true&emergencies=some", "operator")).statusCode).toBe(400);
  });
});
