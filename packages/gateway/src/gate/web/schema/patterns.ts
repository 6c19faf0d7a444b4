import { RE2JS } from "re2js";

/** The characters of `\s` in ECMAScript (ECMA-262, section 22.2.2.9), as ranges of a class; RE2's `\s` has five. */
const SPACES =
  "\\t-\\r \\x{a0}\\x{1680}\\x{2000}-\\x{200a}\\x{2028}\\x{2029}\\x{202f}\\x{205f}\\x{3000}\\x{feff}";
/** The characters of `\S`: a class cannot hold a complement. */
const NOT_SPACES =
  "\\x{0}-\\x{8}\\x{e}-\\x{1f}!-\\x{9f}\\x{a1}-\\x{167f}\\x{1681}-\\x{1fff}\\x{200b}-\\x{2027}\\x{202a}-\\x{202e}" +
  "\\x{2030}-\\x{205e}\\x{2060}-\\x{2fff}\\x{3001}-\\x{fefe}\\x{ff00}-\\x{10ffff}";
const ANY = "\\x{0}-\\x{10ffff}";
/** What a dot does not match (ECMA-262, section 12.3). */
const LINE_ENDS = "\\n\\r\\x{2028}\\x{2029}";

/** General categories by their long names; RE2 knows the short ones. */
const CATEGORIES: Readonly<Record<string, string>> = {
  Letter: "L",
  Lowercase_Letter: "Ll",
  Uppercase_Letter: "Lu",
  Titlecase_Letter: "Lt",
  Modifier_Letter: "Lm",
  Other_Letter: "Lo",
  Mark: "M",
  Nonspacing_Mark: "Mn",
  Number: "N",
  Decimal_Number: "Nd",
  digit: "Nd",
  Punctuation: "P",
  punct: "P",
  Symbol: "S",
  Separator: "Z",
  Space_Separator: "Zs",
  Other: "C",
  Control: "Cc",
};

/** A pattern that is invalid, or that readers would understand differently. */
export class PatternRefused extends Error {}

/**
 * Compiles a pattern of a JSON Schema. Patterns are ECMAScript's (JSON Schema 2020-12, section 6.4), in Unicode mode. They
 * run in linear time on RE2: where the two differ the pattern is translated, and what RE2 lacks is refused.
 * @throws PatternRefused
 */
export function compilePattern(source: string): { test(text: string): boolean } {
  try {
    const { ecma, re2 } = translate(source);
    void new RegExp(ecma, "u");
    const compiled = RE2JS.compile(re2);
    return { test: (text) => compiled.test(text) };
  } catch (error) {
    const why = error instanceof PatternRefused ? error.message : "it is none of ECMAScript's that RE2 knows";
    throw new PatternRefused(
      `the pattern ${JSON.stringify(source.slice(0, 80))} cannot be used: ${why} (no look-around, no back references)`,
    );
  }
}

function translate(source: string): { readonly ecma: string; readonly re2: string } {
  let ecma = "";
  let re2 = "";
  let at = 0;
  let inClass = false;
  const append = (length: number, translated: string, plain = source.slice(at, at + length)): void => {
    ecma += plain;
    re2 += translated;
    at += length;
  };
  while (at < source.length) {
    const rest = source.slice(at, at + 64);
    if (rest.startsWith("\\")) {
      const { length, to, plain } = readEscape(rest, inClass);
      append(length, to, plain ?? rest.slice(0, length));
    } else if (inClass) {
      if (rest.startsWith("]")) inClass = false;
      // An opening bracket in a class stands for itself; RE2 would read `[:alpha:]` there.
      append(1, rest.startsWith("[") ? "\\[" : rest.slice(0, 1));
    } else if (rest.startsWith("[^]")) append(3, `[${ANY}]`);
    else if (rest.startsWith("[]")) append(2, `[^${ANY}]`);
    else if (rest.startsWith("[")) {
      inClass = true;
      append(rest.startsWith("[^") ? 2 : 1, rest.startsWith("[^") ? "[^" : "[");
    } else if (rest.startsWith(".")) append(1, `[^${LINE_ENDS}]`);
    else if (/^\(\?(?![:<])/.test(rest) || /^\(\?<[=!]/.test(rest))
      throw new PatternRefused("it looks around, or sets a flag");
    else append(1, rest.slice(0, 1));
  }
  return { ecma, re2 };
}

/** One escape: its length, its form for RE2, and its form in ECMAScript where a strict reader differs. */
function readEscape(
  rest: string,
  inClass: boolean,
): { readonly length: number; readonly to: string; readonly plain?: string } {
  const code = (hex: string, length: number): { readonly length: number; readonly to: string } => {
    const point = Number.parseInt(hex, 16);
    if (point > 0x10_ffff || (point >= 0xd800 && point <= 0xdfff))
      throw new PatternRefused("it names half of a character");
    return { length, to: `\\x{${point.toString(16)}}` };
  };
  const pair = /^\\u([dD][89abAB][0-9a-fA-F]{2})\\u([dD][c-fC-F][0-9a-fA-F]{2})/.exec(rest);
  if (pair !== null) {
    const [high = 0, low = 0] = pair.slice(1).map((hex) => Number.parseInt(hex, 16));
    return code((0x1_0000 + (high - 0xd800) * 0x400 + (low - 0xdc00)).toString(16), 12);
  }
  const hex = /^\\(?:u\{([0-9a-fA-F]{1,8})\}|u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))/.exec(rest);
  if (hex !== null) return code(hex[1] ?? hex[2] ?? hex[3] ?? "", hex[0].length);
  const control = /^\\c([A-Za-z])/.exec(rest)?.[1];
  if (control !== undefined) return code((control.charCodeAt(0) % 32).toString(16), 3);
  const property = /^\\([pP])\{(?:(?:General_Category|gc|Script|sc)=)?(\w+)\}/.exec(rest);
  if (property !== null) {
    const [all, negated = "p", name = ""] = property;
    return { length: all.length, to: `\\${negated}{${CATEGORIES[name] ?? name}}` };
  }
  const letter = rest[1] ?? "";
  if (letter === "s") return { length: 2, to: inClass ? SPACES : `[${SPACES}]` };
  if (letter === "S") return { length: 2, to: inClass ? NOT_SPACES : `[${NOT_SPACES}]` };
  if (letter === "b" && inClass) return { length: 2, to: "\\x{8}" };
  if (letter === "0" && !/^\\0[0-9]/.test(rest)) return { length: 2, to: "\\x{0}" };
  if (/[dDwWtnvfr]/.test(letter) || (/[bB]/.test(letter) && !inClass))
    return { length: 2, to: `\\${letter}` };
  // Escaped punctuation stands for itself; Unicode mode allows only characters with a syntax meaning (section 22.2.1).
  if (/[!-/:-@[-`{-~ ]/.test(letter)) {
    const made = `\\x${letter.charCodeAt(0).toString(16).padStart(2, "0")}`;
    return { length: 2, to: `\\x{${letter.charCodeAt(0).toString(16)}}`, plain: made };
  }
  throw new PatternRefused(`\\${letter} means nothing here`);
}
