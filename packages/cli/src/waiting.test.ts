import type { Request } from "@mayfly/sdk";
import { describe, expect, test } from "vitest";
import { interruptedText, leftText, pendingText, waitingText } from "./waiting.ts";

const now = Date.parse("2026-11-24T15:00:00Z");
const request: Request = {
  id: "req_1",
  state: "pending",
  requester: { kind: "agent", issuer: "i", subject: "s", client: "c", name: "bot", groups: [], actors: [] },
  connection: "orders-db",
  operations: [],
  reason: "TICKET-1",
  ttl_seconds: 60,
  break_glass: false,
  history: [],
  digest: "sha256:0",
  policies: [],
  approval: { by: ["support-leads", "sre"], count: 2, within_seconds: 1800, refusals: 1 },
  approvals: [
    {
      id: "apr_1",
      reviewer: { issuer: "i", subject: "max", name: "max" },
      decision: "approve",
      comment: "",
      at: "2026-11-24T14:59:00Z",
    },
  ],
  reasons: [],
  created_at: "2026-11-24T14:58:00Z",
  waits_until: "2026-11-24T15:19:03Z",
  may_decide: false,
};

test("a wait says whom it is for, what is there already, and how long it goes on", () => {
  expect(waitingText(request, "stop waiting", now)).toBe(
    "waiting for support-leads or sre, 1 of 2 approved, 19m 3s left, Ctrl-C to stop waiting",
  );
  expect(waitingText(request, "withdraw it", now)).toMatch(/, Ctrl-C to withdraw it$/);
});

test("who leaves a request waiting is told how to pick it up", () => {
  expect(leftText(request).split("\n")).toEqual([
    "mayfly: request req_1 still waits for support-leads or sre",
    expect.stringMatching(/^mayfly: it times out at 2026-11-24 15:19:03 UTC \(/),
    "hint: to pick it up, run mayfly wait req_1",
    "hint: to take it back, run mayfly withdraw req_1",
  ]);
});

test("a request that waits is told in lines of 80 columns", () => {
  const lines = pendingText({ ...request, id: "req_eg3x3rnwykrqt6r6" }).split("\n");
  expect(lines).toEqual([
    "mayfly: request req_eg3x3rnwykrqt6r6 waits for support-leads or sre",
    expect.stringMatching(/^mayfly: it times out at 2026-11-24 15:19:03 UTC \(/),
    "hint: to approve it, they run mayfly approve req_eg3x3rnwykrqt6r6",
  ]);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80);
});

describe("an interrupted request", () => {
  test.each([
    ["withdrawn", "request req_1 was withdrawn"],
    ["pending", "request req_1 could not be withdrawn and still waits; try mayfly withdraw req_1"],
    [
      "approved",
      "request req_1 was approved in the same moment; its grant is released: mayfly grants shows it",
    ],
    ["timed_out", "request req_1 was timed out"],
  ] as const)("that is %s now", async (state, words) => {
    expect(await interruptedText({ getRequest: async () => ({ ...request, state }) }, request)).toBe(words);
  });

  test("of a gateway that is away may still wait", async () => {
    const away = { getRequest: () => Promise.reject(new Error("away")) };
    expect(await interruptedText(away, request)).toContain(
      "may still wait; take it back with mayfly withdraw req_1",
    );
  });
});
