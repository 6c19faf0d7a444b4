import { describe, expect, it } from "vitest";
import type { Allow, Ask } from "./grants.ts";
import {
  refundRule,
  approvedBy,
  minute,
  rulesOf,
  settle,
  usual,
  type Harness,
  type Rule,
} from "./testing/harness.ts";
import { agent, person, reviewer } from "./testing/samples.ts";
import { useHarness } from "./testing/use-harness.ts";
import type { AccessRequest, Requester } from "./types.ts";

// Attempts to get past approvals that the shared corpus does not hold, and what a guard that is too strict would
// wrongly deny. Each gives the verdict on one attempt: whether a grant, or what was tried for, came of it.

type Verdict = "allow" | "deny";

const refund: Ask = {
  connection: "orders-db",
  operations: ["refund-order"],
  reason: "TICKET-1: broken on arrival",
  clientAddress: "",
};
const both: Ask = { ...refund, operations: ["read-orders", "refund-order"] };
const saml = "http://www.okta.com/exk1";
const emergency = { policy: "on call", defaultTtl: minute, maxTtl: minute, breakGlass: true as const };

let h: Harness;
useHarness({ poll: false }, (made) => (h = made));

const adopt = (rule: Rule): Promise<unknown> =>
  h.grants.adopt(rulesOf({ ...usual, "orders-db/refund-order": rule }));
const tried = (call: Promise<unknown>): Promise<Verdict> =>
  call.then(
    () => "allow",
    () => "deny",
  );
const approve = (request: AccessRequest, who = reviewer, allow?: Allow): Promise<AccessRequest> =>
  h.grants.approve(who, request.id, request.digest, "", allow);
/** Whether the request has become a grant. */
const granted = async (request: AccessRequest): Promise<Verdict> =>
  (await h.store.request(request.id))?.grant === undefined ? "deny" : "allow";
const asked = (more: Partial<Requester> = {}, ask: Ask = refund): Promise<AccessRequest> =>
  h.grants.request({ ...agent, ...more }, ask);

const cases: readonly [payload: string, expected: Verdict, run: () => Promise<Verdict>][] = [
  [
    "the owner, by SAML",
    "deny",
    async () => tried(approve(await asked(), person("owner@example.com", { issuer: saml }))),
  ],
  ["the owner, in capitals", "deny", async () => tried(approve(await asked(), person("OWNER@EXAMPLE.COM")))],
  [
    "the owner, in full-width letters",
    "deny",
    async () => tried(approve(await asked(), person("ｏｗｎｅｒ@example.com"))),
  ],
  [
    "the owner, with a space behind",
    "deny",
    async () => tried(approve(await asked(), person("owner@example.com "))),
  ],
  [
    "the person behind the agent, by another issuer",
    "deny",
    async () => {
      const behind = { person: { issuer: agent.issuer, subject: "lea@example.com" } };
      return tried(approve(await asked(behind), person("Lea@example.com", { issuer: saml })));
    },
  ],
  [
    "somebody in the middle of the act chain",
    "deny",
    async () => tried(approve(await asked({ actors: ["bot-a", "lead@example.com", "bot-b"] }))),
  ],
  [
    "a person's own request, approved from another issuer",
    "deny",
    async () => {
      const self = { kind: "person" as const, subject: "lead@example.com", groups: ["support-agents"] };
      return tried(approve(await asked(self), person("lead@example.com", { issuer: saml })));
    },
  ],
  [
    "one person as two: OIDC, then SAML",
    "deny",
    async () => {
      await adopt(approvedBy({ count: 2 }));
      const request = await asked();
      await approve(request);
      await tried(approve(request, { ...reviewer, issuer: saml }));
      return granted(request);
    },
  ],
  [
    "a refusal and an approval of one person, where two noes end it",
    "deny",
    async () => {
      await adopt(approvedBy({ refusals: 2 }));
      const request = await asked();
      await h.grants.refuse(reviewer, request.id, request.digest, "");
      return tried(approve(request));
    },
  ],
  [
    "whom it escalates to, before it does",
    "deny",
    async () => {
      await adopt(approvedBy({ escalate: { after: minute, to: ["sre"] } }));
      return tried(approve(await asked(), person("sre@example.com", { groups: ["sre"] })));
    },
  ],
  [
    "whom it escalates to, by stepping the wall clock back",
    "deny",
    async () => {
      await adopt(approvedBy({ escalate: { after: minute, to: ["sre"] } }));
      const request = await asked();
      h.clock.stepWall(-10 * minute);
      await settle();
      return tried(approve(request, person("sre@example.com", { groups: ["sre"] })));
    },
  ],
  [
    "more time than was asked for",
    "deny",
    async () => tried(approve(await asked({}, { ...refund, ttl: minute }), reviewer, { ttl: 2 * minute })),
  ],
  [
    "an operation beside those asked for",
    "deny",
    async () =>
      tried(
        approve(await asked(), reviewer, { operations: ["orders-db/refund-order", "orders-db/read-orders"] }),
      ),
  ],
  [
    "a request that was approved for less, approved again for all",
    "deny",
    async () => {
      const request = await asked({}, both);
      await approve(request, reviewer, { operations: ["orders-db/read-orders"] });
      return tried(approve(request, person("second@example.com")));
    },
  ],
  [
    "the digest of another request of the same ask",
    "deny",
    async () => {
      const [one, two] = [await asked(), await asked()];
      return tried(h.grants.approve(reviewer, one.id, two.digest, ""));
    },
  ],
  [
    "the owner taken out of the directory after the ask, by the former owner",
    "deny",
    async () => {
      const request = await asked();
      h.store.fault = (method) => (method === "requests" ? "lost" : undefined);
      const { owner: _, ...ownerless } = agent;
      await h.grants.adopt(rulesOf(usual, { current: () => ownerless }));
      h.store.fault = undefined;
      return tried(approve(request, person("owner@example.com")));
    },
  ],
  [
    "a fresh sign-in that a reviewer's clock puts into the future",
    "deny",
    async () => {
      await adopt(approvedBy({ freshSignIn: minute }));
      return tried(approve(await asked(), { ...reviewer, authenticatedAt: h.clock.wall() + 60 * minute }));
    },
  ],
  [
    "breaking glass where no policy says so",
    "deny",
    async () => granted(await asked({}, { ...refund, breakGlass: true })),
  ],
  [
    "breaking glass by somebody outside its groups",
    "deny",
    async () => {
      await adopt({ ...refundRule, emergency });
      return granted(await asked({ groups: ["elsewhere"] }, { ...refund, breakGlass: true }));
    },
  ],
  [
    "a policy for breaking glass, without saying so",
    "deny",
    async () => {
      await adopt({ ...refundRule, emergency });
      return granted(await asked());
    },
  ],
  [
    "breaking glass with a word for a reason",
    "deny",
    async () => {
      await adopt({ ...refundRule, emergency });
      return tried(asked({}, { ...refund, reason: "urgent", breakGlass: true }));
    },
  ],
  [
    "breaking glass for longer than its policy gives",
    "deny",
    async () => {
      await adopt({ ...refundRule, emergency });
      return granted(await asked({}, { ...refund, ttl: 2 * minute, breakGlass: true }));
    },
  ],
  // What a guard that is too strict would wrongly deny.
  [
    "a lead whose login begins like the owner's",
    "allow",
    async () => tried(approve(await asked(), person("owner@example.com.au"))),
  ],
  [
    "a lead of another issuer",
    "allow",
    async () => tried(approve(await asked(), { ...reviewer, issuer: saml })),
  ],
  [
    "a lead who is in the group of the escalation as well",
    "allow",
    async () => {
      await adopt(approvedBy({ escalate: { after: minute, to: ["sre"] } }));
      return tried(approve(await asked(), { ...reviewer, groups: ["support-leads", "sre"] }));
    },
  ],
  [
    "two leads who allow different times of one operation",
    "allow",
    async () => {
      await adopt(approvedBy({ count: 2 }));
      const request = await asked();
      await approve(request, reviewer, { ttl: 2 * minute });
      await approve(request, person("second@example.com"), { ttl: minute });
      return granted(request);
    },
  ],
  [
    "a yes after another's no, where two noes end it",
    "allow",
    async () => {
      await adopt(approvedBy({ refusals: 2 }));
      const request = await asked();
      await h.grants.refuse(person("second@example.com"), request.id, request.digest, "");
      return tried(approve(request));
    },
  ],
  [
    "a yes after a reload that changes nothing of the request",
    "allow",
    async () => {
      const request = await asked();
      await h.grants.adopt(rulesOf(usual, { digests: { "orders-db/read-orders": "another" } }));
      return tried(approve(request));
    },
  ],
  [
    "breaking glass as its policy says",
    "allow",
    async () => {
      await adopt({ ...refundRule, emergency });
      return granted(await asked({}, { ...refund, breakGlass: true }));
    },
  ],
];

describe("attempts on approvals", () => {
  it.each(cases)("%s → %s", async (_payload, expected, run) => {
    expect(await run()).toBe(expected);
  });
});
