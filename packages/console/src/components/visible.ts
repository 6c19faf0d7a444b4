// Text that others wrote: agents, people, upstream systems. It is shown as what it is, so that it can neither
// hide nor reorder what a reviewer reads.

/** A piece of text: as it is, or the name of a character that would not be seen. */
export interface VisiblePart {
  readonly text: string;
  readonly hidden: boolean;
}

// Control characters but tab and newline, soft hyphen, zero-width and bidirectional controls (UAX #9, "Trojan Source"),
// line and paragraph separators, invisible fillers, variation selectors, interlinear annotations, tags and lone
// surrogates.
const unseen =
  // oxlint-disable-next-line no-control-regex, no-misleading-character-class -- such characters are what it looks for
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]|\p{Surrogate}/gu;

/** Splits text into what can be shown as it is and the characters that must be named. */
export function visibleParts(text: string): readonly VisiblePart[] {
  const parts: VisiblePart[] = [];
  let from = 0;
  for (const match of text.matchAll(unseen)) {
    if (match.index > from) parts.push({ text: text.slice(from, match.index), hidden: false });
    const code = match[0].codePointAt(0) ?? 0;
    parts.push({ text: `U+${code.toString(16).toUpperCase().padStart(4, "0")}`, hidden: true });
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ text: text.slice(from), hidden: false });
  return parts;
}

/** The same as one string, for places that take no elements (a title, a label). */
export function visibleText(text: string): string {
  return visibleParts(text)
    .map((part) => (part.hidden ? `<${part.text}>` : part.text))
    .join("");
}
