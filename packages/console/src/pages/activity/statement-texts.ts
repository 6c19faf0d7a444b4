import { type Detail, objectIn, textIn } from "./read-detail.ts";

/** Texts by their SHA-256, hexadecimal. */
export type StatementTexts = ReadonlyMap<string, string>;

/** Whatever has an act: a record, or what is told of a denied act. */
export interface WithAct {
  readonly detail: Detail;
}

/**
 * The texts of statements by digest. A session's records hold a statement's text once and its digest after that;
 * hashing the texts here shows the reader the statement itself, and proves that it is that one.
 */
export async function statementTexts(records: readonly WithAct[]): Promise<StatementTexts> {
  const wanted = new Set<string>();
  const texts = new Set<string>();
  for (const { detail } of records) {
    const act = objectIn(detail["act"]);
    const digest = textIn(act["sha256"]);
    const text = textIn(act["sql"]);
    if (digest !== undefined) wanted.add(digest);
    if (text !== undefined) texts.add(text);
  }
  const found = new Map<string, string>();
  if (wanted.size === 0) return found;
  for (const text of texts) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    const hex = Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
    if (wanted.has(hex)) found.set(hex, text);
  }
  return found;
}
