import { describe, expect, test } from "vitest";
import { stageOf } from "./stage.ts";

const ESC = "\u001b";
const safely = { isTerminal: true, isRaw: false };

/** All that is written for a recording. */
function written(chunks: readonly string[], how = safely): string {
  const { begin, show, end } = stageOf(chunks, how);
  return begin + chunks.map(show).join("") + end();
}

test("a recording of lines plays among the words, and leaves no colours behind", () => {
  const lines = `a\tb\r\n${ESC}[1;31mred${ESC}[m${ESC}[K\r50%\r100%\b\n`;
  expect(written([lines])).toBe(`${lines}${ESC}[0m\n`);
});

describe("a recording that moves about plays on the alternate screen, whatever way it is split", () => {
  test.each([
    ["up", `${ESC}[9A`],
    ["to a place", `${ESC}[1;1H`],
    ["up by a C1 control", "\u009b9A"],
    ["by reverse index", `${ESC}M`],
    ["by a saved cursor", `${ESC}8`],
    ["by scrolling", `${ESC}[9S`],
    ["by erasing", `${ESC}[2J`],
    ["by inserting lines", `${ESC}[9L`],
    ["by a region", `${ESC}[5;20r`],
    ["by a mode", `${ESC}[?7l`],
  ])("%s", (_, sequence) => {
    const whole = `it was me${sequence}it was nobody`;
    const expected = written([whole]);
    expect(expected.startsWith(`${ESC}[?1049h`)).toBe(true);
    expect(written(Array.from(whole))).toBe(expected);
    const left = expected.indexOf(`${ESC}[?1049l`);
    expect(left).toBeGreaterThan(expected.indexOf("it was nobody"));
    // Only then is there anything of others to write over.
    expect(expected.slice(left)).toBe(`${ESC}[?1049l${ESC}[0m${ESC}[999;1H\n`);
  });
});

test("a recording cannot leave the alternate screen by itself, nor erase what scrolled away", () => {
  const escapes = ["[?1049l", "[?47l", "[?1047l", "[?25;1049l", "[3J", "[2;3J", "[03J"];
  const { show } = stageOf([`${ESC}[H`], safely);
  expect(show(escapes.map((each) => ESC + each).join(""))).toBe("");
});

test("what a string without an end holds is shown at the end", () => {
  expect(written([`a${ESC}]0;hidden`])).toBe(`a0;hidden\n${ESC}[0m\n`);
  expect(written([`${ESC}[H${ESC}]0;hidden`])).toContain(`hidden\n${ESC}[?7h`);
});

test("what is no terminal gets lines alone", () => {
  expect(written([`a${ESC}[9A${ESC}[31mb${ESC}[2J`], { isTerminal: false, isRaw: false })).toBe(
    `a${ESC}[31mb\n`,
  );
});

test("raw is raw, on a screen of its own where there is one", () => {
  const raw = `${ESC}]0;title\u0007${ESC}[3J`;
  expect(written([raw], { isTerminal: false, isRaw: true })).toBe(`${raw}\n`);
  expect(written([raw], { isTerminal: true, isRaw: true })).toContain(
    `${ESC}[?1049h${ESC}[H${raw}${ESC}[?7h`,
  );
});
