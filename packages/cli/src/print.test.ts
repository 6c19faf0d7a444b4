import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, it } from "vitest";
import { counted, moment, oneLine, printable, safeJson, shortMoment } from "./print.ts";

describe("print", () => {
  it("lets nothing through that moves a cursor or reorders text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.toMatch(
          /[^\P{Cc}\n\t]|[\u202a-\u202e\u2066-\u2069\u200e\u200f\u2028\u2029]/u,
        );
        expect(oneLine(text)).not.toMatch(/[\n\t]/);
      }),
    );
    expect(printable("plain ü 🦟\n\ttext")).toBe("plain ü 🦟\n\ttext");
    expect(printable("\ud800")).toBe(String.raw`\ud800`);
  });

  it("writes JSON that a terminal acts on nowhere, and a parser reads as it was", () => {
    const value = { "a\u009b": "\u001b]52;c;eA==\u0007 \u009b2J \u202e \u{e0041} 東京 👩‍👩‍👧" };
    const text = safeJson(JSON.stringify(value));
    expect(text).not.toMatch(/[\p{Cc}\u202e]|\u{e0041}/u);
    expect(text).toContain("東京 👩‍👩‍👧");
    expect(JSON.parse(text)).toEqual(value);
  });

  it("writes a moment absolute and relative", () => {
    const now = Date.parse("2026-11-24T15:00:00Z");
    expect(moment("2026-11-24T15:04:12.500Z", now)).toBe("2026-11-24 15:04:12 UTC (in 4m 13s)");
    expect(moment("2026-11-24T14:59:00Z", now)).toBe("2026-11-24 14:59:00 UTC (1m ago)");
    expect(shortMoment("2026-11-24T15:04:12.500Z", false, now)).toBe("in 4m 13s");
    expect(shortMoment("2026-11-24T15:04:12.500Z", true, now)).toBe("2026-11-24 15:04:12 UTC (in 4m 13s)");
    expect(moment("\u001b[2J", now)).toBe(String.raw`\u001b[2J`);
  });
});

it("says one of a thing as one", () => {
  expect([0, 1, 2].map((count) => counted(count, "checkpoint"))).toEqual([
    "0 checkpoints",
    "1 checkpoint",
    "2 checkpoints",
  ]);
});
