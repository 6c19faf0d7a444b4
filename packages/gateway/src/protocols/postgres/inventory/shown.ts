import { escapeInvisible } from "../../../kernel/invisible-characters.ts";
import { parse, scan } from "../guard/syntax/grammar.ts";

/** Numbers of PostgreSQL's own tokens (gram.y): FCONST, SCONST, USCONST, BCONST, XCONST and ICONST. */
const CONSTANTS: ReadonlySet<number> = new Set([260, 261, 262, 263, 264, 266]);
const COMMENTS: ReadonlySet<number> = new Set([275, 276]);

/** How much of a statement is shown, in characters. */
const MAX_SHOWN = 160;

/**
 * A statement for people: one line without its values and comments, at most 160 characters long.
 * @param sql what does not parse is not shown, since nobody knows where its values are
 */
export function shownStatement(sql: string): string {
  const text = textWithoutValues(sql);
  if (text === undefined) return "(a text that is no SQL)";
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1).trimEnd()}…`;
}

function textWithoutValues(sql: string): string | undefined {
  const bytes = Buffer.from(sql);
  let text = "";
  let at = 0;
  try {
    parse(sql);
    for (const { start, end, tokenType } of scan(sql)) {
      if (text.length > MAX_SHOWN) break;
      if (COMMENTS.has(tokenType)) continue;
      if (start > at && text !== "") text += " ";
      text += CONSTANTS.has(tokenType) ? "?" : bytes.toString("utf8", start, end);
      at = end;
    }
  } catch {
    return undefined;
  }
  return escapeInvisible(text.replaceAll(/\s+/gu, " ")).replaceAll(/\?(?:, \?)+/gu, "?…");
}
