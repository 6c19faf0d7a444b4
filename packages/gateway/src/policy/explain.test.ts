import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { explain, type Described } from "./explain.ts";
import { formatExplanation } from "./format-explanation.ts";
import { compiled, entries, supportBot } from "./testing/samples.ts";
import type { PolicyEntry } from "./types.ts";

const described: ReadonlyMap<string, ReadonlyMap<string, Described>> = new Map([
  [
    "orders-db",
    new Map<string, Described>([
      ["read-orders", { description: "Read orders and who placed them", risk: "low" }],
      ["refund-order", { description: "Set one order's status", risk: "high" }],
    ]),
  ],
  [
    "billing-api",
    new Map<string, Described>([["refund", { description: "Refund an invoice", risk: "high" }]]),
  ],
]);
const policies = compiled(entries);

test("every operation is in exactly one of the two lists, in the order of the configuration", () => {
  const { requestable, refused } = explain(policies, described, supportBot, false, [], 0);
  expect(requestable.map(({ connection, operation }) => `${connection}/${operation}`)).toEqual([
    "orders-db/read-orders",
    "orders-db/refund-order",
  ]);
  expect(requestable[1]).toMatchObject({
    description: "Set one order's status",
    terms: { policy: "a refund needs a person" },
    conditions: [
      { kind: "if", text: 'context.reason like "*TICKET-*"' },
      { kind: "not while", text: "context.hour < 6" },
    ],
  });
  expect(refused).toEqual([
    {
      connection: "billing-api",
      operation: "refund",
      description: "Refund an invoice",
      risk: "high",
      reasons: ["no policy allows anyone to request billing-api/refund"],
    },
  ]);
});

test("a person behind the agent counts", () => {
  const onlyDelegated = compiled([{ ...entries[0], when: "context.has_person" }]);
  expect(explain(onlyDelegated, described, supportBot, false, [], 0).requestable).toHaveLength(0);
  expect(explain(onlyDelegated, described, supportBot, true, [], 0).requestable).toHaveLength(1);
  const person = { ...supportBot, kind: "person" as const };
  expect(explain(onlyDelegated, described, person, false, [], 0).requestable).toHaveLength(1);
});

test("what has ended is refused, though a policy allows it still", () => {
  const until = Date.UTC(2026, 11, 21);
  const observed = new Map([
    ["orders-db", new Map([["read-orders", { description: "Observe", risk: "high" as const, until }]])],
  ]);
  const at = (now: number) => explain(policies, observed, supportBot, false, [], now);
  expect(at(until - 1).requestable).toHaveLength(1);
  expect(at(until).requestable).toEqual([]);
  expect(at(until).breakGlass).toEqual([]);
  expect(at(until).refused[0]?.reasons).toEqual(["it ended at 2026-12-21T00:00:00.000Z"]);
});

test("what a host must have been probed for stands with the terms", () => {
  const probed = compiled([{ ...entries[0], closedPaths: 24 * 3_600_000 }]);
  const { requestable } = explain(probed, described, supportBot, false, [], 0);
  expect(requestable[0]?.terms).toMatchObject({ closedPaths: 24 * 3_600_000 });
  const text = formatExplanation(explain(probed, described, supportBot, false, [], 0)).replaceAll(
    /\s+/gu,
    " ",
  );
  expect(text).toContain(
    "orders-db/read-orders for 5m, at most 15m, at once, from a host with its direct paths probed closed within 1d",
  );
  const both = compiled([{ ...entries[0], lease: 5000, closedPaths: 3_600_000, sandbox: true }]);
  expect(
    formatExplanation(explain(both, described, supportBot, false, [], 0)).replaceAll(/\s+/gu, " "),
  ).toContain(
    "at once, with a lease of 5s or less that the task renews, from a host with its direct paths probed closed within 1h, for a command in a sandbox",
  );
  expect(formatExplanation(explain(policies, described, supportBot, false, [], 0))).not.toMatch(
    /probed|sandbox/u,
  );
});

describe("on a terminal", () => {
  const text = formatExplanation(explain(policies, described, supportBot, false, [], 0));

  test("it prints as docs/policy.md shows it", async () => {
    const page = await readFile(new URL("../../../../docs/policy.md", import.meta.url), "utf8");
    expect(page).toContain(`\n${text}`);
  });

  test("who may request nothing is told so", () => {
    const outsider = { ...supportBot, groups: [] };
    const lines = formatExplanation(explain(policies, described, outsider, true, [], 0)).split("\n");
    expect(lines[0]).toBe("support-bot (agent, acting for a person), in no group");
    expect(lines).toContain("May request nothing.");
    expect(lines.filter((line) => line.includes("you are not in it"))).toHaveLength(2);
  });

  test("with no connections there is nothing to say but that", () => {
    expect(formatExplanation(explain(policies, new Map(), supportBot, false, [], 0))).toMatch(
      /\n\nMay request nothing\.\n$/u,
    );
  });

  test("long texts are wrapped at 100 columns, names and texts of others rewrite nothing", () => {
    const when = Array.from({ length: 30 }, (_, n) => `context.reason like "*T-${n}*"`).join("\n || ");
    const wordy: PolicyEntry[] = Array.from({ length: 9 }, (_, n) => ({
      ...entries[1],
      name: `policy ${n} ${"which has a long name ".repeat(6)}\u001b[31m`,
      groups: ["support-agents", ...Array.from({ length: 40 }, (_, g) => `group-${g}`)],
      when,
    }));
    const principal = { ...supportBot, name: "bot\u001b[2J\r\n\u202e", groups: [...wordy[0]!.groups] };
    const wide = formatExplanation(explain(compiled(wordy), described, principal, false, [], 0));
    for (const line of wide.split("\n")) expect(line.length).toBeLessThanOrEqual(100);
    // Anything that a terminal would obey.
    expect(wide.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(wide).toContain("bot\\u{1b}[2J");
    expect(wide).toContain("and 4 more");
  });
});
