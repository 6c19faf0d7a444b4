import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { tableHead } from "@mayfly/testing/table.ts";
import { cpuCell, interleaved, keep, medianOf, ratioOf, type Row } from "./rounds.ts";

const row = (peer: string, round: number, tps: number): Row<{ tps: number }> => ({
  scenario: "simple",
  peer,
  round,
  load: 1,
  run: { tps },
  cpu: { peer: { user: tps / 10, kernel: 2 } },
});
const tps = ({ run }: Row<{ tps: number }>): number => run.tps;

test("peers come once a round, every second round in reverse", () => {
  expect([...interleaved(3, ["a", "b"])].map(({ round, peer }) => `${round}${peer}`)).toEqual([
    "0a",
    "0b",
    "1b",
    "1a",
    "2a",
    "2b",
  ]);
});

test("a ratio is the median of those within rounds, whatever order the rows are in", () => {
  // The second round was slow for both; the ratio of medians would be 40 / 100.
  const rows = [
    row("direct", 0, 100),
    row("Mayfly", 1, 10),
    row("direct", 1, 20),
    row("Mayfly", 0, 40),
    row("Mayfly", 2, 60),
    row("direct", 2, 120),
  ];
  expect(ratioOf(rows, "simple", { of: "Mayfly", to: "direct" }, tps)).toBe(0.5);
  expect(medianOf(rows, "simple", "Mayfly", tps)).toBe(40);
});

test("a round that only one peer has gives no ratio", () => {
  expect(ratioOf([row("Mayfly", 0, 1)], "simple", { of: "Mayfly", to: "direct" }, tps)).toBeNaN();
});

test("CPU is shown whole and with the kernel's part, and as nothing where none was counted", () => {
  const rows = [row("Mayfly", 0, 100), row("Mayfly", 1, 300), row("Mayfly", 2, 200)];
  expect(cpuCell(rows, "simple", "Mayfly", "peer")).toBe("22.0 (2.0)");
  expect(cpuCell(rows, "simple", "Mayfly", "server")).toBe("");
});

test("a table's head is Markdown", () => {
  expect(tableHead(["a", "b"])).toBe("| a | b |\n| --- | --- |");
});

let folder: string;
beforeEach(() => void (folder = mkdtempSync(path.join(tmpdir(), "mayfly-rounds-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("raw runs are kept as JSON, with what they were measured on", () => {
  const file = path.join(folder, "results/a.json");
  const rows = [row("direct", 0, 100), row("Mayfly", 0, 40)];
  keep(file, { seconds: 2 }, rows);
  const kept = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
  expect(kept).toMatchObject({ seconds: 2, rows, machine: { node: process.version } });
});
