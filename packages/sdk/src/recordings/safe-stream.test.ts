import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, test } from "vitest";
import { createSafeStream } from "./safe-stream.ts";

const ESC = "\u001b";
const ST = `${ESC}\\`;

describe("what draws goes through", () => {
  test.each([
    "plain ü 東京 🦟\r\n\ttext\b",
    `${ESC}[1;31mred${ESC}[0m`,
    `${ESC}[38;2;1;2;3m${ESC}[38:5:200m`,
    `${ESC}[2J${ESC}[H${ESC}[10;20H${ESC}[K${ESC}[3A`,
    `${ESC}[J${ESC}[0J${ESC}[1J${ESC}[?25l${ESC}[?25;7h`,
    `${ESC}7${ESC}8${ESC}M${ESC}[5;20r`,
  ])("%j", (text) => {
    expect(createSafeStream("screen")(text)).toBe(text);
  });
});

describe("what owns the auditor's terminal does not", () => {
  test.each([
    ["a title", `${ESC}]0;pwned\u0007`],
    ["a title ended by ST", `${ESC}]2;pwned${ST}`],
    ["the clipboard", `${ESC}]52;c;cm0gLXJmIC8=\u0007`],
    ["a link", `${ESC}]8;;https://evil.test${ST}`],
    ["a title by a C1 control", "\u009d0;pwned\u009c"],
    ["a string of DCS, APC, PM, SOS", `${ESC}P$q"p${ST}${ESC}_x${ST}${ESC}^x${ST}${ESC}Xx${ST}\u0090x\u009c`],
    [
      "questions that are answered as if typed",
      `${ESC}[c${ESC}[>c${ESC}[6n${ESC}[?6n${ESC}[5n${ESC}[x\u0005${ESC}Z`,
    ],
    ["window operations", `${ESC}[21t${ESC}[8;1;1t${ESC}[22;0t`],
    ["printing", `${ESC}[5i${ESC}[?4i`],
    ["a reset", `${ESC}c${ESC}[!p`],
    ["mouse, paste and focus modes", `${ESC}[?1000h${ESC}[?2004h${ESC}[?1004h${ESC}[?1049;1000h`],
    ["the choice of a screen", `${ESC}[?1049h${ESC}[?1049l${ESC}[?47h${ESC}[?1047l${ESC}[?25;1049l`],
    ["erasing what scrolled away", `${ESC}[3J${ESC}[03J${ESC}[2;3J${ESC}[3;J${ESC}[22J${ESC}[?3J\u009b3J`],
    ["insert and newline modes", `${ESC}[4h${ESC}[20h`],
    ["character sets", `${ESC}(0${ESC})B${ESC}%G${ESC}#8\u000e\u000f`],
    ["the cursor's shape, key settings", `${ESC}[5 q${ESC}[>4;2m${ESC}[=1u${ESC}[?1u`],
    ["a repetition that takes a day", `${ESC}[999999999b${ESC}[99999A`],
    ["a sequence without an end", `${ESC}[${"1;".repeat(100)}m`],
    ["tracking that waits for the mouse", `${ESC}[1;2;3;4;5T`],
    ["a bell", "\u0007"],
  ])("%s", (_, text) => {
    expect(createSafeStream("screen")(text)).toBe("");
  });

  test("what reorders or hides text is shown instead", () => {
    expect(createSafeStream("screen")("a\u202eb\u200bc")).toBe(String.raw`a\u202eb\u200bc`);
  });

  test("an unfinished string takes what follows with it, and no more than its end", () => {
    const safe = createSafeStream("screen");
    expect(safe(`a${ESC}]0;pw`)).toBe("a");
    expect(safe("ned")).toBe("");
    expect(safe("\u0007b")).toBe("b");
    expect(createSafeStream("screen")(`${ESC}[1\u0018m`)).toBe("m");
  });
});

describe("a string that a terminal would swallow hides nothing", () => {
  const secret = "пароль=hunter2";
  test.each([
    ["that never ends", `${ESC}]0;\n${secret}\n`],
    ["that goes on in the next line", `${ESC}]0;${secret}\nmore\u0007`],
    ["that is longer than any title", `${ESC}]0;${secret}${"x".repeat(4096)}\u0007`],
    ["that another escape ends", `${ESC}]0;x${ESC}[0m${secret}`],
    ["that another escape ends, within a string of DCS", `${ESC}P1${ESC}7${secret}`],
    ["of a control sequence", `${ESC}[1;${secret}`],
    ["of an escape", `${ESC}(${secret}`],
    ["that is broken off", `${ESC}]0;x\u0018${secret}`],
  ])("%s", (_, text) => {
    for (const canvas of ["screen", "lines"] as const) {
      expect(createSafeStream(canvas)(text)).toContain(secret);
      const safe = createSafeStream(canvas);
      expect(Array.from(text, (character) => safe(character)).join("")).toContain(secret);
    }
  });
});

test("strings within strings are shown once", () => {
  const safe = createSafeStream("screen");
  const shown = safe("\u009d".repeat(200_000));
  expect(shown.length).toBeLessThan(200_000 * String.raw`\u009d`.length);
});

/** Everything that a terminal might take for a control, as far as the allow-list does not name it. */
const allowed =
  // eslint-disable-next-line no-control-regex
  /\u001b(?:\[[\d;:]{0,64}[@A-IK-MPSTXZ`adefmrsu]|\[[012]?J|\[\?(?:7|12|25|1048)(?:;(?:7|12|25|1048))*[hl]|[78DEM])/gu;

test("nothing else comes out, however it is split", () => {
  const parts = fc.oneof(
    fc.constantFrom(
      ESC,
      "[",
      "]",
      "?",
      ";",
      "1",
      "52",
      "h",
      "m",
      "\u0007",
      "\u009b",
      "\u009d",
      "\\",
      " ",
      "P",
      "c",
      "\r",
    ),
    fc.string({ unit: "binary", maxLength: 3 }),
  );
  fc.assert(
    fc.property(fc.array(fc.array(parts)), (chunks) => {
      const safe = createSafeStream("screen");
      const split = chunks.map((chunk) => safe(chunk.join(""))).join("");
      expect(split.replaceAll(allowed, "")).not.toMatch(/[^\P{Cc}\b\t\n\r]/u);
      expect(createSafeStream("screen")(chunks.flat().join("")).replaceAll(allowed, "")).not.toMatch(
        /[^\P{Cc}\b\t\n\r]/u,
      );
    }),
  );
});
