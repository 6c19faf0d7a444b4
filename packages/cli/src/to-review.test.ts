import type { Request } from "@mayfly/sdk";
import { expect, test } from "vitest";
import { textOf } from "./to-review.ts";

const request = (id: string): Request =>
  ({
    id,
    requester: { name: "support-bot" },
    operations: [{ name: "orders-db/refund-order", risk: "high" }],
    reason: "INC-9",
    created_at: "2026-11-24T15:00:00Z",
    may_review: true,
  }) as unknown as Request;

test("a list that is as long as it can be says that it holds the newest alone", () => {
  const all = Array.from({ length: 500 }, (_, at) => request(`req_${at}`));
  expect(textOf(all, { columns: 100 })).toMatch(/req_499 .*\nThe newest 500 are listed\.$/s);
  expect(textOf(all.slice(1), { columns: 100 })).not.toContain("are listed");
  expect(textOf([], { columns: 100 })).toBe("");
});
