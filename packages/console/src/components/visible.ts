import { UNSEEN } from "@mayfly/sdk/recordings";

// Text that others wrote: agents, people, upstream systems. It is shown as what it is, so that it can neither
// hide nor reorder what a reviewer reads.

/** A piece of text: as it is, or the name of a character that would not be seen. */
export interface VisiblePart {
  readonly text: string;
  readonly hidden: boolean;
}

const unseen = new RegExp(`(?![\\n\\t])${UNSEEN}`, "gu");

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
