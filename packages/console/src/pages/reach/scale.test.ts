import { expect, test } from "vitest";
import type { Cell } from "./matrix.ts";
import { cellText, limitText, stepOf } from "./scale.ts";

const rule = { group: "a", policy: "p", effect: "permit", break_glass: false } as const;
const approval = (count: number): Cell => ({
  kind: "approval",
  best: {
    ...rule,
    approval: { by: ["leads"], count, within_seconds: 60, refusals: 1 },
    ttl_max_seconds: 900,
  },
  conditional: true,
});

test.each([
  [{ kind: "open", best: { ...rule }, conditional: false }, "once", "at once", ""],
  [approval(1), "one", "1 person", "at most 15 min, conditional"],
  [approval(3), "more", "3 people", "at most 15 min, conditional"],
  [{ kind: "break_glass", best: { ...rule }, conditional: false }, "emergency", "emergency", ""],
  [{ kind: "forbidden", best: undefined, conditional: false }, "forbidden", "forbidden", ""],
  [{ kind: "none", best: undefined, conditional: false }, "none", "no", ""],
] as const)("%j has its place on the scale", (cell, step, text, limit) => {
  expect([stepOf(cell), cellText(cell), limitText(cell)]).toEqual([step, text, limit]);
});
