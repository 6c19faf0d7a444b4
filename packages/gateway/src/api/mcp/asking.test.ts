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

test.each<[more: object, alternatives: readonly object[], words: string]>([
  [{ lease: 5000 }, [{ maxTtl: 60_000 }], "granted at once, up to 1m"],
  [
    { lease: 5000 },
    [{ lease: 5000, sandbox: true }],
    "not with these tools: it takes a lease, which a running task renews; use mayfly run",
  ],
  [{}, [{ maxTtl: 3_600_000, lease: 5000 }], "granted at once, up to 15m"],
])("with the terms %j and the alternatives %j it is %s", (more, others, words) => {
  const { outlook, ...rest } = offer(more);
  const ways = others.map((other) => ({ terms: { ...terms, ...other }, conditions: [] }));
  expect(howToGet({ ...rest, outlook: { ...outlook, alternatives: ways } })).toBe(words);
});

test.each([
  [{}, "with break_glass at once"],
  [{ lease: 5000 }, "with mayfly run --break-glass at once"],
  [{ lease: 60_000, sandbox: true }, "with mayfly run --sandbox --break-glass at once"],
  [
    { closedPaths: 60_000 },
    "with break_glass at once, from a host with its direct paths probed closed within 1m",
  ],
])("an emergency with the terms %j says %s", (more, words) => {
  const emergency = offer(more).outlook;
  expect(howToGet({ ...offer({}), breakGlass: emergency })).toBe(
    `granted at once, up to 15m; in an emergency ${words}, and everybody hears of it`,
  );
});

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
