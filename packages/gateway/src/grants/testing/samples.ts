import type { Actor } from "../grants.ts";
import type { AccessRequest, Approval, Grant, Requester } from "../types.ts";

const issuer = "https://example.okta.com/oauth2/aus1";

/** A service app that may request. */
export const agent: Actor & Requester = {
  kind: "agent",
  issuer,
  subject: "0oa1agent",
  client: "0oa1agent",
  name: "support-bot",
  owner: "owner@example.com",
  groups: ["support-agents"],
  roles: [],
  actors: [],
};

/** A person with roles and groups. */
export function person(subject: string, more: Partial<Actor> = {}): Actor {
  return {
    kind: "person",
    issuer,
    subject,
    client: "0oacli",
    name: subject,
    groups: ["support-leads"],
    roles: ["reviewer"],
    actors: [],
    ...more,
  };
}

export const reviewer: Actor = person("lead@example.com");
export const operator: Actor = person("ops@example.com", { groups: ["platform"], roles: ["operator"] });
export const auditor: Actor = person("audit@example.com", { groups: ["security"], roles: ["auditor"] });

/** A pending request. */
export function sampleRequest(id: string, more: Partial<AccessRequest> = {}): AccessRequest {
  return {
    id,
    requester: { ...agent, owner: "owner@example.com" },
    connection: "orders-db",
    operations: ["refund-order"],
    reason: 'TICKET-1 "quoted" — ünïcode \u0001',
    ttl: 60_000,
    digest: "sha256:aa",
    state: "pending",
    policies: ["a refund needs a person"],
    approval: { by: ["support-leads"], count: 2, within: 1_800_000, refusals: 1 },
    sheet: {
      operations: [
        {
          name: "refund-order",
          description: "Set one order's status",
          risk: "high",
          scope: ["statements: update"],
          digest: "sha256:bb",
        },
      ],
      history: [],
    },
    approvals: [],
    reasons: ["permitted by …"],
    clientAddress: "10.0.0.1",
    createdAt: 1_700_000_000_000,
    waitsUntil: 1_700_000_900_000,
    ...more,
  };
}

/** The grant of a request. */
export function sampleGrant(id: string, request: string, more: Partial<Grant> = {}): Grant {
  return {
    id,
    request,
    requester: agent,
    connection: "orders-db",
    operations: ["refund-order"],
    policies: ["a refund needs a person"],
    state: "active",
    activatedAt: 1_700_000_000_000,
    endsAt: 1_700_000_060_000,
    ...more,
  };
}

/** One reviewer's decision. */
export function sampleApproval(id: string, subject: string, more: Partial<Approval> = {}): Approval {
  return {
    id,
    reviewer: { issuer, subject, name: subject },
    decision: "approve",
    comment: "fine",
    digest: "sha256:aa",
    at: 1_700_000_001_000,
    ...more,
  };
}
