import type { Offer } from "@mayfly/sdk";
import { expect, test } from "vitest";
import { linesOf, rowsOf } from "./operations.ts";

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

const leased = {
  policy: "support holds",
  ttl: { default_seconds: 300, max_seconds: 3600 },
  lease: { max_seconds: 60 },
  conditions: [],
};
const several: Offer = {
  ...offer,
  ttl: { default_seconds: 300, max_seconds: 900 },
  approval: { by: ["leads"], count: 1, within_seconds: 60, refusals: 1 },
  alternatives: [
    { ...leased, requires: { sandbox: true }, conditions: ["it is night"] },
    { ...leased, policy: "support probes", requires: { closed_paths_within_seconds: 86_400 } },
  ],
  break_glass: {
    policy: "emergency",
    max_seconds: 300,
    lease: { max_seconds: 10 },
    requires: { sandbox: true },
    conditions: ["it burns"],
  },
};

test("each way to an operation is named with what it asks, and breaking glass too", () => {
  expect(linesOf(several)).toEqual([
    "orders-db/read-orders",
    "  Read orders",
    "  - statements: select",
    "  policy: support reads; approval: leads",
    "  when: the reason names a ticket",
    "  or policy: support holds; approval: none; up to 1h",
    "    lease: of 1m at most (mayfly run holds one)",
    "    requires: a command in a sandbox (mayfly run --sandbox)",
    "    when: it is night",
    "  or policy: support probes; approval: none; up to 1h",
    "    lease: of 1m at most (mayfly run holds one)",
    "    requires: the paths beside the gateway probed closed within 1d (mayfly probe)",
    "  break glass: emergency; up to 5m",
    "  break glass lease: of 10s at most (mayfly run holds one)",
    "  break glass requires: a command in a sandbox (mayfly run --sandbox)",
    "  break glass when: it burns",
  ]);
});

test("each way to an operation has a row", () => {
  const same = ["orders-db/read-orders", "low"];
  expect(rowsOf(several)).toEqual([
    [...same, "5m, up to 15m", "leads", "Read orders (when the reason names a ticket)"],
    [...same, "5m, up to 1h", "none", "Read orders (in a sandbox: mayfly run --sandbox; when it is night)"],
    [
      ...same,
      "5m, up to 1h",
      "none",
      "Read orders (with a lease: mayfly run; from a host probed closed within 1d)",
    ],
    [...same, "up to 5m", "break glass", "Read orders (in a sandbox: mayfly run --sandbox; when it burns)"],
  ]);
  expect(rowsOf({ ...several, requestable: false, alternatives: [] })).toHaveLength(1);
});
