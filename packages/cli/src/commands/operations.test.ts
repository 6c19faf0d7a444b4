import type { Offer } from "@mayfly/sdk";
import { expect, test } from "vitest";
import { linesOf } from "./operations.ts";

const offer: Offer = {
  name: "orders-db/read-orders",
  connection: "orders-db",
  operation: "read-orders",
  description: "Read orders",
  risk: "low",
  scope: ["statements: select"],
  requestable: true,
  policy: "support reads",
  conditions: ["the reason names a ticket"],
  reasons: [],
};

test("an operation reads from what it covers to what a request for it needs", () => {
  expect(
    linesOf({
      ...offer,
      lease: { max_seconds: 10 },
      requires: { closed_paths_within_seconds: 7200, sandbox: true },
    }),
  ).toEqual([
    "orders-db/read-orders",
    "  Read orders",
    "  - statements: select",
    "  policy: support reads; approval: none",
    "  lease: of 10s at most (mayfly run holds one)",
    "  requires: the paths beside the gateway probed closed within 2h (mayfly probe)",
    "  requires: a command in a sandbox (mayfly run --sandbox)",
    "  when: the reason names a ticket",
  ]);
});

test("an operation says nothing of what it does not need", () => {
  const text = linesOf(offer).join("\n");
  expect(text).not.toContain("lease:");
  expect(text).not.toContain("requires:");
});
