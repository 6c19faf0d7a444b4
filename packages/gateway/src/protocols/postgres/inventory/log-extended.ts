import { kindOf } from "../guard/syntax/nodes.ts";
import { readText } from "./log-texts.ts";

/** The words that statements begin with (the rules `stmt` of PostgreSQL 13 to 18). */
const words: ReadonlySet<string> = new Set(
  `abort alter analyse analyze begin call checkpoint close cluster comment commit copy create deallocate declare delete discard do
  drop end execute explain fetch grant import insert listen load lock merge move notify prepare reassign refresh reindex release
  reset revoke rollback savepoint security select set show start table truncate unlisten update vacuum values with`.split(
    /\s+/,
  ),
);
/** Commands whose tag is their verb. */
const verbs: ReadonlySet<string> = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE"]);

const firstWord = /[\s;(]*(?:(--|\/\*|$)|([a-z]+))/iy;

/** The first word behind a place, in small letters; `--`: a comment; empty: there is neither. */
function wordAt(text: string, at: number): string {
  firstWord.lastIndex = at;
  const match = firstWord.exec(text);
  if (match === null) return "";
  return match[2]?.toLowerCase() ?? "--";
}

/** How many beginnings of statements are tried, and how long they may be together, characters. */
const MAX_TRIES = 200;
const MAX_TRIED_CHARACTERS = 8_388_608;

const AMBIGUOUS = "where its name ends and its statement begins can be read in two ways";
const OTHER_VERB = "its statement is not of the kind that the record says";

/** Whether a verb is plainly another than the one that the record's command tag says. */
function isOther(verb: string, tag: string): boolean {
  const [, said = ""] = /^([A-Z]+)(?: [A-Z ]+)?$/.exec(tag) ?? [];
  if (!words.has(said.toLowerCase()) || tag === "CREATE TABLE AS") return false;
  return said !== verb && (verbs.has(said) || verbs.has(verb));
}

/** The verb of a text by its first word; undefined: it cannot be told so. */
function verbBefore(text: string, at: number): string | undefined {
  const word = wordAt(text, at);
  if (word === "with" || !words.has(word)) return undefined;
  return word === "values" || word === "table" ? "SELECT" : word.toUpperCase();
}

/**
 * The places where a statement may begin in `name: statement`; a name may hold `: ` as well as a statement may.
 * @returns undefined: there are too many
 */
function placesIn(message: string, first: number): readonly number[] | undefined {
  const places: number[] = [];
  let characters = 0;
  for (let at = first; at >= 0; at = message.indexOf(": ", at)) {
    at += 2;
    const word = wordAt(message, at);
    if (word !== "--" && !words.has(word)) continue;
    places.push(at);
    characters += message.length - at;
    if (places.length > MAX_TRIES || (places.length > 1 && characters > MAX_TRIED_CHARACTERS))
      return undefined;
  }
  return places;
}

/**
 * The statement in a message of the extended protocol, `name: statement`, where the name is the client's choice. What holds
 * another `: ` behind which a statement may begin is tried by the grammar, and the verb is held against the record's tag.
 * @param name where the name begins
 * @returns undefined: there is no statement; otherwise the statement, or why it cannot be told
 */
export function executedIn(
  message: string,
  name: number,
  tag: string,
): { readonly sent: string } | { readonly why: string } | undefined {
  const end = message.indexOf(": ", name);
  if (end < 0) return undefined;
  const first = end + 2;
  const places = placesIn(message, end);
  if (places === undefined) return { why: AMBIGUOUS };
  let verb = verbBefore(message, first);
  if (places.some((place) => place !== first)) {
    const possible = places.filter((place) => {
      const read = readText(message.slice(place));
      if (place === first && typeof read !== "string") verb = verbOf(read[0]) ?? verb;
      // The extended protocol takes one statement.
      return read === "unknown" || (read !== "no" && read.length <= 1);
    });
    // Where none is read the statement may be newer than the grammar, whichever it is.
    if (possible.length !== 1 || possible[0] !== first) return { why: AMBIGUOUS };
  }
  if (verb !== undefined && isOther(verb, tag)) return { why: OTHER_VERB };
  return { sent: message.slice(first) };
}

/** The verb of a statement that was read; undefined: it has no such. */
function verbOf(statement: unknown): string | undefined {
  const verb = kindOf(statement)?.replace(/Stmt$/, "").toUpperCase();
  return verb !== undefined && verbs.has(verb) ? verb : undefined;
}
