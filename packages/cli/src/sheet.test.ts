import type { Request } from "@mayfly/sdk";
import { describe, expect, test } from "vitest";
import { sheetOf } from "./sheet.ts";

const now = Date.parse("2026-11-24T15:54:04Z");
const request: Request = {
  id: "req_y1bbyfycxqkd0x0f",
  state: "pending",
  requester: {
    kind: "agent",
    issuer: "https://example.okta.com/oauth2/aus4x2kq",
    subject: "lea@example.com",
    client: "0oa1b2c3d4",
    name: "support-bot",
    owner: "owner@example.com",
    groups: ["support-agents"],
    person: { issuer: "https://example.okta.com", subject: "lea@example.com" },
    actors: ["0oa1b2c3d4"],
  },
  connection: "orders-db",
  operations: [
    {
      name: "orders-db/refund-order",
      description: "Set one order's status",
      risk: "high",
      scope: ["statements: update", "table public.orders: columns status"],
    },
  ],
  reason: "TICKET-124: broken on arrival",
  ttl_seconds: 600,
  break_glass: false,
  history: [
    {
      grant: "gr_5stms3bs9gxwddf9",
      connection: "orders-db",
      operations: ["orders-db/read-orders"],
      activated_at: "2026-11-24T15:24:04Z",
      state: "revoked",
      acts: 12,
      denied: 3,
      end_reason: "too curious",
    },
    {
      grant: "gr_ykgxsk88t6h0kpsc",
      connection: "orders-db",
      operations: ["orders-db/read-orders"],
      activated_at: "2026-11-24T14:54:04Z",
      state: "expired",
    },
  ],
  digest: "sha256:c895",
  policies: ["a refund needs a person"],
  approval: {
    by: ["support-leads"],
    count: 2,
    within_seconds: 1800,
    escalate: { after_seconds: 600, to: ["sre"] },
    fresh_sign_in_seconds: 600,
    refusals: 2,
  },
  approvals: [
    {
      id: "apr_1",
      reviewer: { issuer: "https://example.okta.com", subject: "max@example.com", name: "max@example.com" },
      decision: "approve",
      comment: "photo seen",
      allowed: { operations: ["orders-db/refund-order"], ttl_seconds: 180 },
      at: "2026-11-24T15:54:03Z",
    },
  ],
  reasons: [],
  created_at: "2026-11-24T15:53:04Z",
  waits_until: "2026-11-24T16:23:04Z",
  may_decide: true,
};

test("a sheet reads from who to what came before", () => {
  expect(sheetOf(request, now)).toBe(
    `request      req_y1bbyfycxqkd0x0f (waits for you)
who          support-bot (agent), client 0oa1b2c3d4, subject lea@example.com
             of https://example.okta.com/oauth2/aus4x2kq, in support-agents
owner        owner@example.com
for whom     lea@example.com of https://example.okta.com, through 0oa1b2c3d4
why, as the requester wrote it
  | TICKET-124: broken on arrival
what
  orders-db/refund-order, risk high: Set one order's status
    - statements: update
    - table public.orders: columns status
how long     10m, from its approval
risk         HIGH
last grants
  2026-11-24 15:24:04 UTC (30m ago)  orders-db/read-orders  12 acts, 3 denied  revoked: too curious
  2026-11-24 14:54:04 UTC (1h ago)  orders-db/read-orders  acts not known  expired
approval     2 of support-leads; after 10m sre as well; signed in within the last 10m; 2 refusals end it
waits until  2026-11-24 16:23:04 UTC (in 29m)
decided      max@example.com approved orders-db/refund-order for 3m 2026-11-24 15:54:03 UTC (1s ago): photo seen
policy       a refund needs a person
asked        2026-11-24 15:53:04 UTC (1m ago)
digest       sha256:c895`,
  );
});

describe("a sheet", () => {
  const { person: _, ...alone } = request.requester;

  test("says who may not decide, and why", () => {
    const text = sheetOf({ ...request, may_decide: false, why_not: "the agent is yours" }, now);
    expect(text).toContain("(pending; not for you: the agent is yours)");
  });

  test("says that a grant ends with its task, and counts one act as one", () => {
    const [past] = request.history;
    const text = sheetOf({ ...request, lease_seconds: 4, history: [{ ...past!, acts: 1 }] }, now);
    expect(text).toContain("             ends sooner if its task is not heard from for 4s\n");
    expect(text).toContain("  1 act, 3 denied  ");
  });

  test("says when the paths beside the gateway were probed closed", () => {
    const text = sheetOf({ ...request, paths_closed_at: "2026-11-24T12:54:04Z" }, now);
    expect(text).toContain(
      "how long     10m, from its approval\npaths        probed closed 2026-11-24 12:54:04 UTC (3h ago)\nrisk ",
    );
    expect(sheetOf(request, now)).not.toContain("paths ");
  });

  test("says that a sandbox was claimed, and by whom", () => {
    expect(sheetOf({ ...request, sandbox: true }, now)).toContain(
      "\nsandbox      claimed by who asks, not checked\n",
    );
    expect(sheetOf(request, now)).not.toContain("sandbox");
  });

  test("says that nobody stands behind an agent, and that there is no history", () => {
    const text = sheetOf({ ...request, requester: { ...alone, actors: [] }, history: [] }, now);
    expect(text).toContain("for whom     nobody: the agent acts by itself");
    expect(text).toContain("none: this is the first");
  });

  test("says first of all that glass was broken", () => {
    const { approval: __, ...rest } = request;
    const text = sheetOf({ ...rest, break_glass: true, state: "approved", approvals: [] }, now);
    expect(text.split("\n")[0]).toBe("BREAK GLASS: nobody approved this");
    expect(text).not.toContain("approval ");
    expect(text).not.toContain("reviewed");
  });

  test("says who reviewed an emergency afterwards, or that nobody has", () => {
    const taken: Request = { ...request, break_glass: true, state: "approved", reviews: [] };
    expect(sheetOf(taken, now)).toContain(
      `reviewed  by nobody yet: mayfly review ${request.id} --note "what you found"`,
    );
    const grant = { connection: "orders-db", operations: [], activated_at: request.created_at };
    const over = { ...grant, grant: "gr_1", state: "released" as const, acts: 4, denied: 1 };
    expect(sheetOf(taken, now, over)).toMatch(/^done {6}4 acts, 1 denied {2}released$/m);
    const early = { ...taken, may_review: false, why_not_review: "its grant is still active" };
    expect(sheetOf(early, now)).toContain("reviewed  by nobody yet; you may not: its grant is still active");
    const reviewer = { issuer: "i", subject: "s", name: "olga@example.com" };
    const reviews = [{ id: "rev_1", reviewer, note: "only\nrefunds", at: request.created_at }];
    expect(sheetOf({ ...taken, reviews }, now)).toMatch(
      /^reviewed  by olga@example\.com \d{4}-\S+ \S+ UTC \(.*\): only ⏎ refunds$/m,
    );
  });

  test("takes what is not known for the highest risk", () => {
    const [operation] = request.operations;
    const { risk: __, ...unknown } = operation ?? { name: "", description: "", scope: [] };
    expect(sheetOf({ ...request, operations: [unknown] }, now)).toContain("risk         HIGH");
  });

  test("lets nothing that others wrote paint over it", () => {
    const evil = "x\u001b[2K\r\ndigest       sha256:0000\u202e";
    const text = sheetOf(
      {
        ...request,
        reason: evil,
        requester: { ...request.requester, name: evil },
        operations: [{ name: evil, description: evil, risk: "low", scope: [evil] }],
        approvals: request.approvals.map((one) => ({ ...one, comment: evil })),
      },
      now,
    );
    expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(text.split("\n").filter((line) => line.startsWith("digest"))).toEqual([
      "digest       sha256:c895",
    ]);
  });
});
