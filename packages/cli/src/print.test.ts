import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { duration, moment, oneLine, printable, table } from "./print.ts";

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

  it("aligns columns whatever stands in them", () => {
    expect(
      table(
        ["A", "B"],
        [
          ["1", "x\ny"],
          ["long", ""],
        ],
      ),
    ).toBe("A     B\n1     x ⏎ y\nlong");
    expect(table(["A"], [])).toBe("");
  });

  it.each([
    [0, "0s"],
    [59.6, "1m"],
    [90, "1m 30s"],
    [3600, "1h"],
    [90_061, "1d 1h"],
    [-5, "0s"],
  ])("writes %d seconds as %s", (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  it("writes a moment absolute and relative", () => {
    const now = Date.parse("2026-11-24T15:00:00Z");
    expect(moment("2026-11-24T15:04:12.500Z", now)).toBe("2026-11-24 15:04:12 UTC (in 4m 13s)");
    expect(moment("2026-11-24T14:59:00Z", now)).toBe("2026-11-24 14:59:00 UTC (1m ago)");
    expect(moment("\u001b[2J", now)).toBe(String.raw`\u001b[2J`);
  });
});
