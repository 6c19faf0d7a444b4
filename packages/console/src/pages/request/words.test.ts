import type { Request } from "@mayfly/sdk/browser";
import { describe, expect, it } from "vitest";
import {
  allowedPart,
  approvedText,
  earlierText,
  firstTimeText,
  grantedSeconds,
  highestRisk,
  outcomeText,
  progressText,
  overText,
  reviewText,
  takenText,
  ruleText,
  shadowText,
  shorterTimes,
  shortOperation,
} from "./words.ts";

const reviewer = (name: string): Request["approvals"][number]["reviewer"] => ({
  issuer: "i",
  subject: name,
  name,
});

function request(change: Partial<Request> = {}): Request {
  return {
    id: "req_1",
    state: "pending",
    requester: {
      kind: "agent",
      issuer: "i",
      subject: "s",
      client: "c",
      name: "support-bot",
      groups: [],
      actors: [],
    },
    connection: "orders-db",
    operations: [
      { name: "orders-db/read-orders", description: "", risk: "low", scope: [] },
      { name: "orders-db/refund-order", description: "", risk: "high", scope: [] },
    ],
    reason: "TICKET-1",
    ttl_seconds: 600,
    break_glass: false,
    history: [],
    digest: "sha256:0",
    policies: ["p"],
    approval: { by: ["leads"], count: 2, within_seconds: 1800, refusals: 1 },
    approvals: [],
    reasons: [],
    created_at: "2026-01-01T00:00:00Z",
    may_decide: true,
    ...change,
  };
}

const approval = (
  decision: "approve" | "refuse",
  name: string,
  seconds?: number,
): Request["approvals"][number] => ({
  id: "apr_1",
  reviewer: reviewer(name),
  decision,
  comment: "",
  at: "2026-01-01T00:00:00Z",
  ...(seconds === undefined
    ? {}
    : { allowed: { operations: ["orders-db/read-orders"], ttl_seconds: seconds } }),
});

describe("a request", () => {
  it("has the risk of its riskiest operation", () => {
    expect(highestRisk(request().operations)).toBe("high");
    expect(highestRisk([])).toBe("low");
  });
  it("names operations without their connection", () => {
    expect(shortOperation("orders-db/read-orders")).toBe("read-orders");
  });
  it.each([
    [{}, undefined],
    [
      { state: "approved", approvals: [approval("approve", "rita"), approval("approve", "sam")] },
      "Approved by rita and sam.",
    ],
    [{ state: "approved" }, 'Approved automatically by policy "p".'],
    [{ state: "approved", break_glass: true }, "Emergency access: used without approval."],
    [
      { state: "refused", approvals: [approval("approve", "rita"), approval("refuse", "sam")] },
      "Refused by sam.",
    ],
    [{ state: "refused" }, "Refused."],
    [{ state: "timed_out" }, "Timed out: nobody decided in time. The agent can ask again."],
    [{ state: "withdrawn" }, "Withdrawn before anyone decided."],
    [{ state: "denied" }, "Denied by policy."],
  ] as const)("tells what came of it: %j", (change, text) => {
    expect(outcomeText(request(change as Partial<Request>))).toBe(text);
  });
});

describe("a policy's rule", () => {
  it("reads as sentences", () => {
    expect(ruleText({ by: ["leads"], count: 1, within_seconds: 1800, refusals: 1 })).toEqual([
      "One person from leads must approve within 30 minutes.",
      "One refusal ends it.",
    ]);
    expect(
      ruleText({
        by: ["leads", "heads", "sre"],
        count: 2,
        within_seconds: 3600,
        escalate: { after_seconds: 600, to: ["ops"] },
        fresh_sign_in_seconds: 300,
        refusals: 2,
      }),
    ).toEqual([
      "2 people from leads, heads or sre must approve within 1 hour.",
      "After 10 minutes, ops can decide too.",
      "Approving needs a sign-in from the last 5 minutes.",
      "2 refusals end it.",
    ]);
  });
  it("says what it asked for before it asks for something for the first time", () => {
    expect([firstTimeText(0, false), firstTimeText(1, false), firstTimeText(22, false)]).toEqual([
      "; it has not asked for anything before.",
      "; its one request before this was for something else.",
      "; its 22 requests before this were for something else.",
    ]);
    expect(firstTimeText(200, true)).toBe("; its last 200 requests before this were for something else.");
  });

  it("says what became of earlier requests for the same", () => {
    expect(earlierText({ approved: 10, refused: 2 })).toBe(
      "Asked for this 12 times before: 10 approved, 2 refused.",
    );
    expect(earlierText({ timed_out: 1 })).toBe("Asked for this once before: 1 timed out.");
    expect(earlierText({})).toBe("Not asked for before.");
  });
  it("says how far it is only where several have to approve", () => {
    expect([progressText(1, 0), progressText(3, 1)]).toEqual([undefined, "1 of 3 approvals"]);
  });
});

describe("a decision", () => {
  it("says what it did", () => {
    expect(approvedText(request({ approvals: [approval("approve", "rita")] }))).toBe(
      "Your approval is recorded: 1 of 2. One more person must approve.",
    );
    expect(
      approvedText(
        request({
          state: "approved",
          approvals: [approval("approve", "a", 120), approval("approve", "b", 300)],
        }),
      ),
    ).toBe("Approved. support-bot has it for 2 minutes.");
  });
  it("grants the least that a reviewer allowed, and never more than was asked", () => {
    expect(grantedSeconds(request())).toBe(600);
    expect(grantedSeconds(request({ approvals: [approval("approve", "a", 9000)] }))).toBe(600);
  });
  it("offers only shorter times", () => {
    expect(shorterTimes(600)).toEqual([300, 120, 60]);
    expect(shorterTimes(60)).toEqual([]);
  });
  it("sends a part only where it is less than all", () => {
    const all = new Set(["orders-db/read-orders", "orders-db/refund-order"]);
    expect(allowedPart(request(), all, 600)).toBeUndefined();
    expect(allowedPart(request(), all, 900)).toBeUndefined();
    expect(allowedPart(request(), all, 120)).toEqual({ ttl: "2m" });
    expect(allowedPart(request(), new Set(["orders-db/read-orders", "stranger/x"]), 600)).toEqual({
      operations: ["orders-db/read-orders"],
    });
  });
});

it("an emergency says whether anybody reviewed it, but not to whoever took it", () => {
  expect(reviewText({ reviews: [] })).toBe("By nobody yet: an emergency takes no approval.");
  const reviewer = { issuer: "i", subject: "s", name: "olga@example.com" };
  const reviews = [{ id: "rev_1", reviewer, note: "only refunds\u202e", at: "2026-11-24T12:00:00Z" }];
  expect(reviewText({ reviews })).toBe("olga@example.com: “only refunds<U+202E>”");
  expect(reviewText({})).toBe("Reviews are not shown to whoever took the access.");
});

it("an emergency says how much was done, and how it ended", () => {
  const grant = {
    grant: "gr_1",
    connection: "orders-db",
    operations: [],
    activated_at: "2026-11-24T12:00:00Z",
  };
  expect(takenText({ ...grant, state: "active" })).toBe("Use not known; still in force");
  expect(takenText({ ...grant, state: "expired", acts: 1, denied: 0 })).toBe("1 act; expired");
  expect(takenText({ ...grant, state: "revoked", acts: 4, denied: 2, end_reason: "enough" })).toBe(
    "4 acts, 2 denied; revoked: enough",
  );
});

it("one's own emergency says that it is over, and how it ended", () => {
  expect(overText({ state: "active" })).toBeUndefined();
  expect(overText({ state: "expired" })).toBe("expired: it gives nothing any more");
});

describe("what policies in shadow would have done", () => {
  it("a grant at once, a wait for people, a refusal", () => {
    const approval = { by: ["sre"], count: 1, within_seconds: 600, refusals: 1 };
    expect(shadowText({ decision: "permit", ttl_seconds: 300, reasons: ["by a"] })).toEqual([
      "It would be granted at once for 5 minutes.",
      "by a",
    ]);
    expect(shadowText({ decision: "permit", ttl_seconds: 300, approval, reasons: [] })).toEqual([
      "It would wait for approval, and run for 5 minutes.",
      "One person from sre must approve within 10 minutes.",
      "One refusal ends it.",
    ]);
    expect(shadowText({ decision: "deny", reasons: ["forbidden"] })).toEqual([
      "It would be denied.",
      "forbidden",
    ]);
  });
});
