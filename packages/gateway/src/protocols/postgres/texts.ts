import { hash } from "node:crypto";
import type { Judged, PostgresAct } from "./act.ts";

/**
 * What a statement does beyond its own answer: to the names of prepared statements and portals, which SQL and the
 * protocol share, or to what the client may send next. And whether its answer is a plan.
 */
export type Effect =
  | { readonly kind: "prepare" | "deallocate" | "declare"; readonly name: string }
  | { readonly kind: "deallocate all" }
  | { readonly kind: "copy in" }
  | { readonly kind: "explain" }
  | { readonly kind: "none" };

/** A statement's text, as the client sent it. One object a text while it stays in the cache. */
export interface Text extends PostgresAct {
  readonly sql: string;
  /** The newest verdict on it, of whichever judge. */
  judged: Judged | undefined;
  /** SHA-256 of its UTF-8 form, hexadecimal. */
  digest(): string;
  /** One entry a statement in the text; empty when none has an effect. */
  readonly effects: readonly Effect[];
  /** Its effects could not be read: such a text is denied, and must not run should a kept verdict permit it. */
  readonly isUnread: boolean;
  /** Tells the effects, as whoever judged the text has read them; undefined: they could not be read. */
  settle(effects: readonly Effect[] | undefined): void;
}

/** Finds the one object of a text. */
export type Texts = (sql: string) => Text;

const mostTexts = 2000;
/** Longer texts are not kept, only made. */
const longestKept = 8192;
/** Without one of these words a statement has no effect; with one it may. */
export const mayHaveEffects: RegExp = /prepare|deallocate|discard|declare|copy|explain/i;
const none: readonly Effect[] = [];

type EffectsOf = (sql: string) => readonly Effect[] | undefined;

class KnownText implements Text {
  readonly sql: string;
  judged: Judged | undefined = undefined;
  readonly #read: EffectsOf;
  #digest: string | undefined;
  #effects: readonly Effect[] | "unread" | undefined;

  constructor(sql: string, read: EffectsOf) {
    this.sql = sql;
    this.#read = read;
    this.#effects = mayHaveEffects.test(sql) ? undefined : none;
  }

  digest(): string {
    return (this.#digest ??= hash("sha256", this.sql, "hex"));
  }

  get effects(): readonly Effect[] {
    // Read here only when it was judged here: the text is then short. What cannot be read now may be read later.
    this.#effects ??= this.#read(this.sql);
    return this.#effects === undefined || this.#effects === "unread" ? none : this.#effects;
  }

  get isUnread(): boolean {
    if (this.#effects === undefined) return this.effects === none;
    return this.#effects === "unread";
  }

  settle(effects: readonly Effect[] | undefined): void {
    if (this.#effects !== none) this.#effects = effects ?? "unread";
  }
}

/**
 * A bounded cache of statement texts for all sessions.
 * @param effectsOf what the guard makes of a text that holds one of the words
 */
export function createTexts(effectsOf: EffectsOf): Texts {
  let recent = new Map<string, Text>();
  let older = new Map<string, Text>();
  return (sql) => {
    let text = recent.get(sql);
    if (text !== undefined) return text;
    text = older.get(sql) ?? new KnownText(sql, effectsOf);
    if (sql.length <= longestKept) {
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
  /** Members of a record that name a text; a long text that is surely denied, by how it begins. */
  name(text: Text): string;
  /** Records were lost: whatever comes next is said in full again. */
  forget(): void;
}

/** How much of a text that is denied for good is kept, in UTF-16 code units: nothing of it went anywhere. */
const MAX_DENIED_CHARACTERS = 2000;

function beginning(text: Text): string {
  const begins = text.sql.slice(0, MAX_DENIED_CHARACTERS).toWellFormed();
  return `"sha256":"${text.digest()}","sql_begins":${JSON.stringify(begins)}`;
}

/**
 * How a session's records name a text: in full the first time, by digest after that. What it remembers is bounded,
 * in number and in size (a long text by its digest); a text that was forgotten is written in full again.
 */
export function createTold(): Told {
  const told = new Set<Text | string>();
  return {
    name(text) {
      const isDenied = text.judged?.verdict.verdict === "deny";
      if (isDenied && text.sql.length > longestKept) return beginning(text);
      const key = text.sql.length > longestKept ? text.digest() : text;
      if (told.has(key)) return `"sha256":"${text.digest()}"`;
      if (told.size >= 64) told.clear();
      told.add(key);
      return `"sql":${JSON.stringify(text.sql)}`;
    },
    forget: () => told.clear(),
  };
}
