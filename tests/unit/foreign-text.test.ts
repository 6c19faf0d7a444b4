import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import fc from "@mayfly/testing/fast-check.ts";
import { root } from "@mayfly/testing/gateway.ts";
import { describe, expect, it } from "vitest";
import {
  escapeInvisible,
  hasInvisible,
  visibleJson,
  visibleLines,
} from "../../packages/gateway/src/kernel/invisible-characters.ts";
import { printable, safeJson } from "../../packages/sdk/src/recordings/printable.ts";
import { visibleParts } from "../../packages/console/src/components/visible.ts";
import { yamlText } from "../../packages/gateway/src/main/yaml-text.ts";
import { parse } from "yaml";

// Text of others reaches a terminal or a page through one table of what is not seen. Gateway, SDK and console cannot import
// from one another, so there are two of it.

/** Texts of characters that matter beside each other. */
const texts = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      ...Array.from(
        "a1#❤👩💻🏽یخक्\u200c\u200d\ufe0e\ufe0f\u20e3\u202e\ufff9\u00ad\n\t\r\u001b\ue000\u2028\ud800",
      ),
    ),
    fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
  ),
  maxLength: 8,
});

describe("what is not seen", () => {
  it("is the same to the gateway, the SDK and the console, of every character", () => {
    const differing: string[] = [];
    let unseen = 0;
    for (let code = 0; code <= 0x10_ffff; code += 1) {
      const character = String.fromCodePoint(code);
      const verdicts = new Set([
        hasInvisible(character, "lines"),
        visibleLines(character) !== character,
        printable(character) !== character,
        visibleParts(character).some(({ hidden }) => hidden),
        code === 0x0a || code === 0x09 ? false : safeJson(character) !== character,
      ]);
      if (verdicts.size > 1) differing.push(code.toString(16));
      if (verdicts.has(true)) unseen += 1;
    }
    expect(differing).toEqual([]);
    // Private use alone has 137,468.
    expect(unseen).toBeGreaterThan(140_000);
  });

  it("and of characters beside each other", () => {
    fc.assert(
      fc.property(texts, (text) => {
        const isHidden = hasInvisible(text, "lines");
        expect(printable(text) !== text).toBe(isHidden);
        expect(visibleParts(text).some(({ hidden }) => hidden)).toBe(isHidden);
        expect(hasInvisible(visibleLines(text), "lines")).toBe(false);
        expect(hasInvisible(escapeInvisible(text))).toBe(false);
        expect(hasInvisible(printable(text), "lines")).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });

  it("stands as an escape in JSON and in YAML, which read as they were", () => {
    fc.assert(
      fc.property(fc.dictionary(texts, texts, { maxKeys: 3 }), (drawn) => {
        const value = { ...drawn };
        const json = JSON.stringify(value, undefined, 2);
        expect(safeJson(json)).toBe(visibleJson(json));
        expect(JSON.parse(visibleJson(json))).toEqual(value);
        const yaml = yamlText(value, { lineWidth: 0 });
        expect(hasInvisible(yaml, "lines")).toBe(false);
        expect(parse(yaml)).toEqual(value);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ["a joiner among Latin letters", "pay\u200dpal"],
    ["joiners in a row", "👩\u200d\u200d💻"],
    ["a selector behind a letter", "a\ufe0f"],
    ["selectors in a row", "❤\ufe0f\ufe0f"],
    ["interlinear annotations", "a\ufff9b\ufffac\ufffb"],
    ["a noncharacter", "a\ufffe"],
  ])("has %s", (_, text) => expect(hasInvisible(text)).toBe(true));

  it.each(["👩‍💻 ❤️ 1️⃣", "می‌خواهم", "क्‍ष", "\u0600١", "東京 — “x” ä"])("has nothing of %s", (text) =>
    expect(hasInvisible(text)).toBe(false),
  );
});

/** What may write to a standard stream by itself, and why. */
const writers: Readonly<Record<string, string>> = {
  "packages/gateway/src/main/terminal.ts": "is the one function of mayflyd",
  "packages/cli/src/print.ts": "is the one function of mayfly",
  "packages/cli/src/mayfly.ts": "writes what errorText and errorJson made",
  "packages/cli/src/listing.ts": "clears the page",
  "packages/cli/src/terminal/fresh-line.ts": "writes blanks",
  "packages/cli/src/terminal/progress.ts": "writes one line over itself, through oneLine",
  "packages/cli/src/commands/replay.ts":
    "plays a recording, through a safe stream unless --raw asks for it as it came",
};

it("nothing else writes to a terminal by itself", () => {
  const files = ["gateway", "cli"].flatMap((name) =>
    readdirSync(path.join(root, `packages/${name}/src`), { recursive: true, encoding: "utf8" })
      .filter((file) => /(?<!\.test)\.ts$/.test(file) && !/(?:^|\/)testing\//.test(file))
      .map((file) => `packages/${name}/src/${file}`),
  );
  expect(files.length).toBeGreaterThan(500);
  const writing = files.filter((file) =>
    /\bconsole\s*\.|process\s*\.\s*std(?:out|err)\s*\.\s*write\b|\bwriteSync\(\s*[12]\b/.test(
      readFileSync(path.join(root, file), "utf8").replaceAll(/\/\/.*|\/\*[^]*?\*\//g, ""),
    ),
  );
  expect(writing.toSorted()).toEqual(Object.keys(writers).toSorted());
});
