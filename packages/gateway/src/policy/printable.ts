import { escapeInvisible } from "../kernel/invisible-characters.ts";

/**
 * Makes a text safe to print on one line: what cannot be seen is written as `\u{…}`, and what is too long is cut.
 * @param maxLength characters kept
 */
export function printable(text: string, maxLength = 200): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}…` : text;
  return escapeInvisible(cut);
}

/**
 * Joins names for a sentence, bounded: `a, b and 3 more`.
 * @param maxItems names written out
 */
export function list(names: readonly string[], maxItems = 5): string {
  const shown = names.slice(0, maxItems).map((name) => printable(name, 80));
  const rest = names.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
}
