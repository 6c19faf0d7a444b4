import { expect, test } from "vitest";
import { reportOf } from "./report.ts";
import type { TriedWay } from "./way.ts";

const way = (more: Partial<TriedWay>): TriedWay => ({
  connection: "orders-db",
  kind: "direct",
  to: "10.0.0.9:5432",
  by: "address",
  found: "refused",
  outcome: "closed",
  detail: "refused",
  credentials: [],
  ...more,
});

test("a report keeps what is open when there are more ways than fit", () => {
  const closed = Array.from({ length: 1500 }, () => way({}));
  const { ways } = reportOf("n", "support-1", [...closed, way({ found: "answered", outcome: "open" })], {
    credentials: [],
  });
  expect(ways).toHaveLength(1000);
  expect(ways[0]?.outcome).toBe("open");
});

test("texts are cut at whole characters, on one line, and never empty", () => {
  const place = `${"a".repeat(498)}😀 and more`;
  const { credentials, host } = reportOf("n", "", [], {
    credentials: [{ kind: "ssh", place, name: "a\nb\u001b[2J" }],
  });
  expect(host).toBe("?");
  expect(credentials).toEqual([
    { kind: "ssh", place: `${"a".repeat(498)}…`, name: String.raw`a b\u001b[2J` },
  ]);
});

test("the largest report fits into what the gateway takes", () => {
  const text = "😀".repeat(500);
  const credentials = Array.from({ length: 40 }, () => text);
  const ways = Array.from({ length: 2000 }, () => way({ to: text, by: text, detail: text, credentials }));
  const all = Array.from({ length: 400 }, () => ({ kind: "ssh" as const, place: text, name: text }));
  const report = reportOf("n", text, ways, { credentials: all });
  expect(Buffer.byteLength(JSON.stringify(report))).toBeLessThan(1024 * 1024);
  expect(report.ways.length + report.credentials.length).toBeGreaterThan(100);
});
