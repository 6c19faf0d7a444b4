import { eastAsianWidth } from "get-east-asian-width";

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Columns of a terminal that one character, as a reader sees it, takes (Unicode Standard Annex 11). */
function columnsOf(grapheme: string): number {
  // Combining marks and joiners alone take none.
  if (/^[\p{Mark}\p{Default_Ignorable_Code_Point}\p{Control}]+$/v.test(grapheme)) return 0;
  if (/^\p{RGI_Emoji}$/v.test(grapheme)) return 2;
  return eastAsianWidth(grapheme.codePointAt(0) ?? 0);
}

/** How many columns of a terminal a text takes. It holds no control sequences: what is printed is made safe first. */
export function widthOf(text: string): number {
  // Printable ASCII is one column each, and most of what is printed.
  if (/^[ -~]*$/.test(text)) return text.length;
  let width = 0;
  for (const { segment } of segmenter.segment(text)) width += columnsOf(segment);
  return width;
}

/** Cuts a text to so many columns, its last one an ellipsis where something is left out. */
export function fit(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text;
  let kept = "";
  let width = 0;
  for (const { segment } of segmenter.segment(text)) {
    width += columnsOf(segment);
    if (width > columns - 1) break;
    kept += segment;
  }
  return `${kept}…`;
}
