import { hash } from "node:crypto";

/**
 * What a statement does beyond its own answer: to the names of prepared statements and portals, which SQL and the
 * protocol share, or to what the client may send next.
 */
export type Effect =
  | { readonly kind: "prepare" | "deallocate" | "declare"; readonly name: string }
  | { readonly kind: "deallocate all" }
  | { readonly kind: "copy in" }
  | { readonly kind: "none" };

/** A statement's text, as the client sent it. One object a text while it stays in the cache. */
export interface Text {
  readonly sql: string;
  /** SHA-256 of its UTF-8 form, hexadecimal. */
  digest(): string;
  /** One entry a statement in the text; empty when none has an effect. */
  readonly effects: readonly Effect[];
  /** Its effects could not be read: such a text is denied, and must not run should a kept verdict permit it. */
  readonly isUnread: boolean;
}

/** Finds the one object of a text. */
export type Texts = (sql: string) => Text;

const mostTexts = 2000;
/** Longer texts are not kept, only made. */
const longestKept = 8192;
/** Without one of these words a statement has no effect; with one it may. */
const mayHaveEffects = /prepare|deallocate|discard|declare|copy/i;
const none: readonly Effect[] = [];

/**
 * A bounded cache of statement texts for all sessions.
 * @param effectsOf what the guard makes of a text that holds one of the words
 */
export function createTexts(effectsOf: (sql: string) => readonly Effect[] | undefined): Texts {
  let recent = new Map<string, Text>();
  let older = new Map<string, Text>();
  return (sql) => {
    let text = recent.get(sql);
    if (text !== undefined) return text;
    text = older.get(sql);
    if (text === undefined) {
      let digest: string | undefined;
      const effects = mayHaveEffects.test(sql) ? effectsOf(sql) : none;
      text = {
        sql,
        digest: () => (digest ??= hash("sha256", sql, "hex")),
        effects: effects ?? none,
        isUnread: effects === undefined,
      };
    }
    if (sql.length <= longestKept && !text.isUnread) {
      recent.set(sql, text);
      if (recent.size >= mostTexts) {
        older = recent;
        recent = new Map();
      }
    }
    return text;
  };
}

/** What a session's records have said in full. */
export interface Told {
  /** Members of a record that name a text. */
  name(text: Text): string;
  /** Records were lost: whatever comes next is said in full again. */
  forget(): void;
}

/**
 * How a session's records name a text: in full the first time, by digest after that. What it remembers is bounded,
 * in number and in size (a long text by its digest); a text that was forgotten is written in full again.
 */
export function createTold(): Told {
  const told = new Set<Text | string>();
  return {
    name(text) {
      const key = text.sql.length > longestKept ? text.digest() : text;
      if (told.has(key)) return `"sha256":"${text.digest()}"`;
      if (told.size >= 64) told.clear();
      told.add(key);
      return `"sql":${JSON.stringify(text.sql)}`;
    },
    forget: () => told.clear(),
  };
}
