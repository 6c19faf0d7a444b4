import { describe, expect, it } from "vitest";
import { hasInvisible, visibleLength } from "./invisible-characters.ts";

describe("text that hides something", () => {
  it.each([
    ["an escape", "a\u001b[2J"],
    ["a C1 control", "a\u0085b"],
    ["a line separator", "a\u2028b"],
    ["a right-to-left override", "a\u202eb"],
    ["an isolate", "a\u2066b"],
    ["an Arabic letter mark", "a\u061cb"],
    ["a zero-width space", "\u200b"],
    ["a soft hyphen", "a\u00adb"],
    ["a byte order mark", "\ufeffa"],
    ["tag characters", "a\u{e0061}\u{e0062}"],
    ["supplementary variation selectors", "a\u{e0100}"],
    ["a Hangul filler", "\u3164"],
    ["private use", "a\ue000"],
    ["a lone surrogate", "a\ud800"],
  ])("finds %s", (_name, text) => {
    expect(hasInvisible(text)).toBe(true);
    expect(hasInvisible(text, "lines")).toBe(true);
  });

  it.each([
    ["words", "TICKET-1: späte Lieferung — 遅い, متأخر, נמצא"],
    ["emoji that joiners make", "👩‍💻 ❤️"],
    ["Persian with a non-joiner", "می‌خواهم"],
  ])("lets %s pass", (_name, text) => {
    expect(hasInvisible(text)).toBe(false);
  });

  it.each([
    ["", 0],
    ["short", 5],
    ["a  b\u00a0\u3000c", 5],
    ["x" + "\u200d".repeat(20), 1],
    ["x" + "\u200c\ufe0e\ufe0f".repeat(20), 1],
    ["e" + "\u0301".repeat(20), 1],
    ["\u2800".repeat(20), 0],
    ["\u2800 ".repeat(20), 0],
    ["x" + " \u0301".repeat(20), 1],
    ["👩‍💻 ❤️", 3],
    ["遅い配達", 4],
  ])("counts what people see: %j", (text, expected) => {
    expect(visibleLength(text)).toBe(expected);
  });

  it("lets lines pass where they belong", () => {
    expect(hasInvisible("a\n\tb")).toBe(true);
    expect(hasInvisible("a\n\tb", "lines")).toBe(false);
    expect(hasInvisible("a\rb", "lines")).toBe(true);
  });
});
