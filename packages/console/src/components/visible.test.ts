import { describe, expect, it } from "vitest";
import { visibleParts, visibleText } from "./visible.ts";

describe("text that others wrote", () => {
  it("stays as it is where everything can be seen", () => {
    const text = "Größe: 12 <b>\n\tправда 日本語 👍";
    expect(visibleParts(text)).toEqual([{ text, hidden: false }]);
    expect(visibleParts("")).toEqual([]);
  });
  it.each([
    ["a right-to-left override", "invoice\u202Egnp.exe", "invoice<U+202E>gnp.exe"],
    ["isolates", "\u2066x\u2069", "<U+2066>x<U+2069>"],
    ["zero-width characters", "re\u200Bfund\uFEFF", "re<U+200B>fund<U+FEFF>"],
    ["control characters", "a\u0000b\u001B[31mc\u009F", "a<U+0000>b<U+001B>[31mc<U+009F>"],
    ["a carriage return", "safe\rrm", "safe<U+000D>rm"],
    ["line separators", "a\u2028b", "a<U+2028>b"],
    ["tags", "x\u{E0041}", "x<U+E0041>"],
    ["a soft hyphen", "re\u00ADfund", "re<U+00AD>fund"],
    ["a lone surrogate", "x\uD800y", "x<U+D800>y"],
    ["fillers", "\u3164\u115F", "<U+3164><U+115F>"],
  ])("names %s", (_name, text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });
});
