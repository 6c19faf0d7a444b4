import { expect, test } from "vitest";
import type { Offer } from "../../grants/grants.ts";
import { alternatives, howToGet } from "./asking.ts";
import type { OwnToolCall } from "./own-tool.ts";

const terms = { policy: "p", defaultTtl: 300_000, maxTtl: 900_000 };
const offer = (more: object): Offer => ({
  connection: "orders-db",
  operation: "read-orders",
  description: "Read orders",
  risk: "low",
  digest: "sha256:0",
  scope: [],
  outlook: { requestable: true, terms: { ...terms, ...more }, conditions: [], reasons: [] },
});

test.each([
  [{}, "granted at once, up to 15m"],
  [
    { approval: { by: ["support-leads"], count: 1, within: 1, refusals: 1 } },
    "a person of support-leads must approve, up to 15m",
  ],
  [
    { closedPaths: 86_400_000 },
    "granted at once, up to 15m, from a host with its direct paths probed closed within 1d",
  ],
  [
    { closedPaths: 60_000, approval: { by: ["support-leads"], count: 1, within: 1, refusals: 1 } },
    "a person of support-leads must approve, up to 15m, from a host with its direct paths probed closed within 1m",
  ],
  // The tools hold no lease: the request would be denied.
  [{ lease: 5000 }, "not with these tools: it takes a lease, which a running task renews; use mayfly run"],
  [
    { sandbox: true, lease: 60_000 },
    "not with these tools: it takes a command in a sandbox; use mayfly run --sandbox",
  ],
])("how an operation with the terms %j is had", (more, words) => expect(howToGet(offer(more))).toBe(words));

test("nobody is led to what ends, to another connection or to what they have", () => {
  const offers: readonly Offer[] = [
    offer({}),
    { ...offer({}), operation: "observe", until: Date.UTC(2027, 0, 1) },
    { ...offer({}), operation: "refund-order" },
    { ...offer({}), connection: "payroll" },
  ];
  const call = { services: { grants: { offers: () => offers } } } as unknown as OwnToolCall;
  const named = (...has: readonly string[]): readonly string[] =>
    [...alternatives(call, "orders-db", has).matchAll(/[\w-]+\/[\w-]+(?= \()/g)].map(([name]) => name);
  expect(named()).toEqual(["orders-db/read-orders", "orders-db/refund-order"]);
  expect(named("read-orders")).toEqual(["orders-db/refund-order"]);
  expect(named("read-orders", "refund-order")).toEqual([]);
});
