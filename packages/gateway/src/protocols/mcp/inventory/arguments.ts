import type { Json } from "../../../kernel/canonical.ts";
import { isDataName } from "../../../gate/inventory/value-shape-names.ts";
import { type Place, placeOf } from "./places.ts";
import { wordsOf } from "./words-of-names.ts";

/** What a text is to the tool that gets it. */
export type TextUse =
  /** One of the words by which the tool knows what is meant. */
  | { readonly kind: "word" }
  | { readonly kind: "place"; readonly place: Place }
  /** Something that is run. */
  | { readonly kind: "program" }
  /** Any text may be said there. */
  | { readonly kind: "free" };

/** Arguments that say in whose house it is done: another value is another house. */
const houses =
  /^(?:owner|org|organi[sz]ation|repo|repository|project|team|workspace|channel|database|db|schema|table|dataset|namespace|bucket|collection|index|site|board|space|environment|env|region|cluster)(?:s|id|key|name|slug)?$/;

/** Arguments whose value chooses what a tool does, or how. */
const chooses =
  /^(?:action|operation|op|method|verb|command|act|mode|type|kind|state|status|sort|sortby|orderby|order|direction|format|unit|units|level|priority|severity|visibility|scope|role|permission|side|perspective|include|fields)$/;
const word = /^[A-Za-z][A-Za-z0-9]{0,31}(?:[_.:-][A-Za-z0-9]{1,32}){0,3}$/;
/** Letters and digits in turn are somebody's, and no programmer's. */
const isRandom = (text: string): boolean => text.length >= 8 && /\d[A-Za-z]/.test(text);
/** What may have blanks in it: `in progress`. */
const spaced = /^[A-Za-z]{1,20}(?: [A-Za-z]{1,20}){1,2}$/;
const isSpaced = /^(?:status|state|stage|priority|severity|type)$/;
/** Yes or no, as a text. */
const flag = /^(?:true|false|yes|no|on|off)$/i;

/** Arguments that are programs, whatever they say. */
const programNames =
  /^(?:sql|code|script|cmd|command|commandline|shell|bash|expression|expr|eval|javascript|python|cypher|graphql|lambda|formula|template|statement|commands|args|argv)$/;
/** Programs by how they begin: SQL, GraphQL, Cypher, and what a shell or a page runs. */
const programForm =
  /^\s*(?:#!|<script\b|select\s[\s\S]*\sfrom\s|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|(?:drop|alter|create|truncate)\s+(?:table|view|index|schema|database|role|user|function|trigger)\s|truncate\s+\S+\s*;?$|with\s+(?:recursive\s+)?\S+\s+as\s|(?:grant|revoke)\s[\s\S]*\s(?:to|from)\s|copy\s+\S+\s+(?:from|to)\s|call\s+\w+\s*\(|explain\s|(?:query|mutation|subscription|fragment)\b[^{]{0,200}\{|\{\s*[A-Za-z_]\w*\s*[({]|(?:match|unwind)\s*\(|select\s+(?:\d|\*|\w+\())/i;

/** The last word of an argument's name: what it is. */
const lastWord = (name: string): string => wordsOf(name).at(-1) ?? "";
const joinedWords = (name: string): string => wordsOf(name).join("");

/** Tools to which a text may be a statement, whatever it is called. */
const asksData = /^(?:sql|database|db|query|queries|warehouse|graph|graphql|bigquery|snowflake)$/;

/** Arguments in which people write. */
const prose =
  /^(?:body|content|contents|text|texts|message|messages|description|comment|note|notes|summary|title|subject|reason|markdown|html|prompt|answer|reply|newtext|oldtext|newstring|oldstring)$/;
export const isProse = (name: string): boolean => prose.test(lastWord(name)) || prose.test(joinedWords(name));

/** Arguments that say which of a tool's acts is meant. */
export const saysAct = (name: string): boolean =>
  /^(?:action|operation|op|method|verb|act)(?:type|name|kind)?s?$/.test(joinedWords(name));

function isWord(last: string, all: string, text: string): boolean {
  if (flag.test(text)) return true;
  if (saysAct(all) || chooses.test(last) || chooses.test(all))
    return (word.test(text) && !isRandom(text)) || (isSpaced.test(last) && spaced.test(text));
  return (houses.test(last) || houses.test(all)) && word.test(text);
}

/** Words of tools whose path is a folder. */
const looksIn = /^(?:list|ls|directory|directories|dir|folder|tree|browse|mkdir|search|glob|grep|find|git)$/;
/** Arguments that are a folder, whatever the tool does. */
const isOfFolder = /^(?:repo|repository|project|workspace|root|base|cwd)paths?$/;

/** @param name of the argument that it is the value of, or an item in its list */
export function useOf(tool: string, name: string, text: string): TextUse {
  const last = lastWord(name);
  const all = joinedWords(name);
  if (programNames.test(last) || programNames.test(all)) return { kind: "program" };
  if (isWord(last, all, text)) return { kind: "word" };
  // Whoever writes to people may write anything, also a path or a statement.
  const isFree = isProse(name) && !wordsOf(tool).some((each) => asksData.test(each));
  if (!isFree && programForm.test(text)) return { kind: "program" };
  if (isFree) return { kind: "free" };
  const isFolder =
    isOfFolder.test(all) || (/^paths?$/.test(last) && wordsOf(tool).some((each) => looksIn.test(each)));
  const place = placeOf(isFolder ? "folder" : name, text);
  return place === undefined ? { kind: "free" } : { kind: "place", place };
}

/** A text, or a yes or no, in the arguments of a call. */
export interface Leaf {
  /** The names of members that it is in; an ellipsis for those that are data. */
  readonly path: string;
  /** The argument's own name; of an item that of its list. */
  readonly name: string;
  readonly value: string | boolean;
}

/** All texts, and all of what is yes or no, in the arguments of a call. */
export function leavesOf(given: Json): readonly Leaf[] {
  const leaves: Leaf[] = [];
  const look = (value: Json | undefined, path: string, name: string): void => {
    if (typeof value === "string" || typeof value === "boolean") leaves.push({ path, name, value });
    if (typeof value !== "object" || value === null) return;
    if (Array.isArray(value)) for (const item of value as readonly Json[]) look(item, `${path}[]`, name);
    else
      for (const [member, each] of Object.entries(value))
        look(
          each,
          `${path}${path === "" ? "" : "."}${isDataName(member) ? "…" : member}`,
          isDataName(member) ? name : member,
        );
  };
  look(given, "", "");
  return leaves;
}

/** What of a leaf tells a call from another that is alike otherwise; undefined: nothing. */
function factOf(tool: string, { name, value }: Leaf): string | undefined {
  if (typeof value === "boolean") return String(value);
  const use = useOf(tool, name, value);
  if (use.kind === "free") return undefined;
  if (use.kind === "word") return `=${value}`;
  return use.kind === "place" ? JSON.stringify(use.place) : use.kind;
}

/** The facts of a call's arguments, once each, in order. */
export const factsOf = (tool: string, given: Json): readonly string[] =>
  [
    ...new Set(
      leavesOf(given).flatMap((leaf) => {
        const fact = factOf(tool, leaf);
        return fact === undefined ? [] : [`${leaf.path} ${fact}`];
      }),
    ),
  ].toSorted();
