/**
 * Characters that do something to text and are not seen in it: control characters, line and paragraph separators,
 * private use, and what Unicode lets a display ignore (zero-width spaces, bidirectional controls, tags, fillers).
 * They could forge a line, turn text around, or say to a machine what no person reads. Joiners and emoji selectors
 * stay: words and emoji need them.
 */
const unseen = /[\p{Cc}\p{Zl}\p{Zp}\p{Co}]|(?!\u200c|\u200d|\ufe0e|\ufe0f)\p{Default_Ignorable_Code_Point}/u;
const unseenButLines =
  /(?![\n\t])\p{Cc}|[\p{Zl}\p{Zp}\p{Co}]|(?!\u200c|\u200d|\ufe0e|\ufe0f)\p{Default_Ignorable_Code_Point}/u;

/**
 * Whether text holds what people do not see, or broken surrogates.
 * @param lines "lines" lets line feeds and tabs pass
 */
export function hidesSomething(text: string, lines: "line" | "lines" = "line"): boolean {
  return !text.isWellFormed() || (lines === "lines" ? unseenButLines : unseen).test(text);
}

/** What is not seen, and blanks that look like a space and are another character. */
const notPlain = /(?! )[\p{Cc}\p{Cf}\p{Z}\p{Co}\p{Default_Ignorable_Code_Point}\u2800]/gu;

/** A text in which everything that is not seen, or seen as something else, stands as its number: `\u{202e}`. */
export function inEscapes(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(notPlain, (found) => `\\u{${(found.codePointAt(0) ?? 0).toString(16)}}`);
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });
/** Joiners, selectors and accents belong to the character before them. */
const notByItself = /[\p{M}\p{Default_Ignorable_Code_Point}]/gu;
/** White space, and the Braille pattern without a dot, which looks like it. */
const blanks = /[\s\u2800]+/gu;

/**
 * How many characters of a text a person sees: a run of blanks counts as one, those at its ends not at all, and what
 * stands on or joins a character not for itself.
 */
export function seenLength(text: string): number {
  let seen = "";
  for (const { segment } of graphemes.segment(text)) {
    // A sign of several code points counts once.
    seen += String.fromCodePoint(segment.replaceAll(notByItself, "").codePointAt(0) ?? 0x20);
  }
  return Array.from(seen.replaceAll(blanks, " ").trim()).length;
}
