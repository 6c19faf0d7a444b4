import type { Request } from "@mayfly/sdk/browser";
import { describe, expect, it } from "vitest";
import {
  allowedPart,
  approvedText,
  grantedSeconds,
  highestRisk,
  outcomeText,
  progressText,
  ruleText,
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
    [{ state: "approved" }, "The policy approved it by itself; nobody had to."],
    [{ state: "approved", break_glass: true }, "Nobody approved it: the glass was broken."],
    [
      { state: "refused", approvals: [approval("approve", "rita"), approval("refuse", "sam")] },
      "Refused by sam.",
    ],
    [{ state: "refused" }, "It was refused."],
    [{ state: "timed_out" }, "Nobody decided in time, so it ended. It has to be asked again."],
    [{ state: "withdrawn" }, "It was withdrawn before anybody decided."],
    [{ state: "denied" }, "The policies denied it."],
  ] as const)("tells what came of it: %j", (change, text) => {
    expect(outcomeText(request(change as Partial<Request>))).toBe(text);
  });
});

describe("a policy's rule", () => {
  it("reads as sentences", () => {
    expect(ruleText({ by: ["leads"], count: 1, within_seconds: 1800, refusals: 1 })).toEqual([
      "One person of leads has to approve within 30 minutes.",
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
      "2 people of leads, heads or sre have to approve within 1 hour.",
      "After 10 minutes, ops may decide too.",
      "Approving takes a sign-in of the last 5 minutes.",
      "2 refusals end it.",
    ]);
  });
  it("says how far it is only where several have to approve", () => {
    expect([progressText(1, 0), progressText(3, 1)]).toEqual([undefined, "1 of 3 approvals"]);
  });
});

describe("a decision", () => {
  it("says what it did", () => {
    expect(approvedText(request({ approvals: [approval("approve", "rita")] }))).toBe(
      "Your yes is kept: 1 of 2. One more person has to approve.",
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
