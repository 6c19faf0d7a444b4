/**
 * Invisible characters that change how a text reads: control characters, line and paragraph separators, private use,
 * and everything that Unicode lets a display ignore (zero-width spaces, bidirectional controls, tags, fillers). They
 * can forge a line, reverse text, or tell a machine what no person sees. Joiners and emoji selectors are allowed,
 * because words and emoji need them.
 */
const invisible =
  /[\p{Cc}\p{Zl}\p{Zp}\p{Co}]|(?!\u200c|\u200d|\ufe0e|\ufe0f)\p{Default_Ignorable_Code_Point}/u;
const invisibleButLines =
  /(?![\n\t])\p{Cc}|[\p{Zl}\p{Zp}\p{Co}]|(?!\u200c|\u200d|\ufe0e|\ufe0f)\p{Default_Ignorable_Code_Point}/u;

/**
 * Whether a text contains invisible characters or lone surrogates.
 * @param lines "lines" allows line feeds and tabs
 */
export function hasInvisible(text: string, lines: "line" | "lines" = "line"): boolean {
  return !text.isWellFormed() || (lines === "lines" ? invisibleButLines : invisible).test(text);
}

/** Invisible characters, and blanks that look like a space but are not one. */
const notPlain = /(?! )[\p{Cc}\p{Cf}\p{Z}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** Replaces every invisible or misleading character by its escape, for example `\u{202e}`. */
export function escapeInvisible(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(notPlain, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
/** Joiners, selectors and accents belong to the character before them. */
const combining = /[\p{M}\p{Default_Ignorable_Code_Point}]/gu;
/** White space, and the Braille pattern without a dot, which looks like it. */
const blanks = /[\s\u2800]+/gu;

/**
 * The number of characters that a person sees. A run of blanks counts as one, leading and trailing blanks do not count,
 * and combining characters count with the character before them.
 */
export function visibleLength(text: string): number {
  let seen = "";
  for (const { segment } of graphemes.segment(text)) {
    // A grapheme of several code points counts once.
    seen += String.fromCodePoint(segment.replaceAll(combining, "").codePointAt(0) ?? 0x20);
  }
  return Array.from(seen.replaceAll(blanks, " ").trim()).length;
}
