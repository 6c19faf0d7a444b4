import { hash } from "node:crypto";
import type { Judged, PostgresAct, PostgresCover, Bounds } from "../act.ts";
import { sentBytes } from "../guard/structure/splices.ts";
import type { Effect } from "../guard/effects.ts";

/** A statement's text, as the client sent it. One object a text while it stays in the cache. */
export interface Text extends PostgresAct {
  readonly sql: string;
  /** The newest verdict on it, of whichever judge. */
  judged: Judged | undefined;
  /** Stands for executing it without a name: as a query the same text is another act. */
  readonly unnamed: object;
  /** SHA-256 of its UTF-8 form, hexadecimal. */
  digest(): string;
  /** The member of a record that names it by its digest. */
  digestMember(): string;
}

/** Finds the one object of a text. */
export type Texts = (sql: string) => Text;

const MAX_TEXTS = 2000;
/** Longer texts are not kept, only made. */
const MAX_KEPT_CHARACTERS = 8192;
class KnownText implements Text {
  readonly sql: string;
  readonly unnamed: object = {};
  judged: Judged | undefined = undefined;
  #digest: string | undefined = undefined;
  #member: string | undefined = undefined;

  constructor(sql: string) {
    this.sql = sql;
  }

  digest(): string {
    return (this.#digest ??= hash("sha256", this.sql, "hex"));
  }

  digestMember(): string {
    return (this.#member ??= `"sha256":"${this.digest()}"`);
  }
}

const none: readonly Effect[] = [];

/** What a text's statements do, as far as its verdict is known; a text that is denied does nothing. */
export function effectsKnown({ judged }: Text): readonly Effect[] {
  return judged?.verdict.kind === "permit" ? judged.verdict.cover.effects : none;
}

/** What values may be passed to a text's statement, as far as its verdict is known. */
export function boundsKnown({ judged }: Text): Bounds | undefined {
  return judged?.verdict.kind === "permit" ? judged.verdict.cover.bounds : undefined;
}

/** What is masked of a text's statements, as far as its verdict is known. */
export function masksKnown({ judged }: Text): PostgresCover["masks"] {
  return judged?.verdict.kind === "permit" ? judged.verdict.cover.masks : undefined;
}

/** A bounded cache of statement texts for all sessions. */
export function createTexts(): Texts {
  let recent = new Map<string, Text>();
  let older = new Map<string, Text>();
  return (sql) => {
    let text = recent.get(sql);
    if (text !== undefined) return text;
    text = older.get(sql) ?? new KnownText(sql);
    if (sql.length <= MAX_KEPT_CHARACTERS) {
      recent.set(sql, text);
      if (recent.size >= MAX_TEXTS) {
        older = recent;
        recent = new Map();
      }
    }
    return text;
  };
}

/** What the records of a session's permitted acts have said in full. A denied act's may be cut, or left out of the log. */
export interface SeenStatements {
  /** Members of a record that name a text; a long text that is surely denied, by how it begins. */
  name(text: Text): string;
  /** An act whose record names a text was permitted. */
  told(text: Text): void;
  /** Records were lost: whatever comes next is said in full again. */
  forget(): void;
}

/** Texts that a session remembers. */
const MAX_SEEN = 64;
/** How much of a text that is denied for good is kept, in UTF-16 code units: nothing of it went anywhere. */
const MAX_DENIED_CHARACTERS = 2000;

function beginning(text: Text): string {
  const begins = text.sql.slice(0, MAX_DENIED_CHARACTERS).toWellFormed();
  return `"sha256":"${text.digest()}","sql_begins":${JSON.stringify(begins)}`;
}

/**
 * The member of a record that tells what went upstream, where that is not what the client wrote: its length and its
 * digest. The text itself is a hundred times as long as the client's, and follows from it, the scopes and the database's
 * version: `mayflyd judge --sent` makes it again, and its digest tells whether it is that one.
 */
function sentMember({ sql, judged }: Text): string {
  if (judged?.verdict.kind !== "permit" || judged.verdict.cover.splices === undefined) return "";
  const { splices, operations } = judged.verdict.cover;
  const sent = sentBytes(Buffer.from(sql), splices, operations);
  return `"sent":{"bytes":${sent.length},"sha256":"${hash("sha256", sent, "hex")}"},`;
}

/**
 * How a session's records name a text: in full the first time, by digest after that. What it remembers is bounded,
 * in number and in size (a long text by its digest); a text that was forgotten is written in full again.
 */
export function createSeenStatements(): SeenStatements {
  const seen = new Set<Text | string>();
  const keyOf = (text: Text): Text | string => (text.sql.length > MAX_KEPT_CHARACTERS ? text.digest() : text);
  return {
    name(text) {
      const isDenied = text.judged?.verdict.kind === "deny";
      if (isDenied && text.sql.length > MAX_KEPT_CHARACTERS) return beginning(text);
      if (seen.has(keyOf(text))) return text.digestMember();
      return `${sentMember(text)}"sql":${JSON.stringify(text.sql)}`;
    },
    told(text) {
      const key = keyOf(text);
      if (seen.has(key)) return;
      if (seen.size >= MAX_SEEN) seen.clear();
      seen.add(key);
    },
    forget: () => seen.clear(),
  };
}
