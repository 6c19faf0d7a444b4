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
