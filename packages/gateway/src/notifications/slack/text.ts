import { blankInvisible } from "../../kernel/invisible-characters.ts";

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/** The longest text of others in a message, escapes included: a field of Slack's takes 2000 characters. */
const MAX_FIELD_CHARACTERS = 1500;

/**
 * Untrusted text for a message in Slack: one line without invisible characters, at most `max` characters, and with the
 * three characters escaped that Slack's text objects read as control characters. Without `<` there is no link, no
 * mention of a person and no `@channel`. It is used in `plain_text` objects alone, where asterisks are asterisks.
 */
export function plainText(text: string, max: number = MAX_FIELD_CHARACTERS): string {
  let result = "";
  for (const character of oneLine(text)) {
    const next = escapes[character] ?? character;
    if (result.length + next.length >= max) return `${result}…`;
    result += next;
  }
  return result;
}

/** Whether `plainText` truncates a text. */
export function isCut(text: string, most: number = MAX_FIELD_CHARACTERS): boolean {
  return plainText(text, most).endsWith("…") && !oneLine(text).endsWith("…");
}

function oneLine(text: string): string {
  return blankInvisible(text).replaceAll(/\s+/gu, " ").trim();
}

/** A time as everybody reads it alike. */
export function timeInWords(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}
