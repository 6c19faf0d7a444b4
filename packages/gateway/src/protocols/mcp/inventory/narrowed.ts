import { isObject, type Members } from "../../../kernel/json-object.ts";
import { isDataName } from "../../../gate/inventory/value-shape-names.ts";
import { isProse, saysAct, useOf } from "./arguments.ts";
import { patternOf } from "./place-patterns.ts";
import { shownName } from "./words-of-names.ts";

/** A value that was seen, and how often. */
export interface Weighed {
  readonly value: unknown;
  readonly times: number;
}

/** More words than these are a text. */
const MAX_WORDS = 20;
/** More words of the server's own schema are nobody's choice. */
const MAX_DEFINED_WORDS = 100;

const total = (all: readonly Weighed[]): number => all.reduce((sum, { times }) => sum + times, 0);

const typesOf = (schema: Members): readonly unknown[] => {
  const { type } = schema;
  return Array.isArray(type) ? (type as readonly unknown[]) : [type];
};

/** What is narrowed. */
export interface Narrowing {
  readonly tool: string;
  /** Gets why places cannot be said; the schema takes any then. */
  readonly problems: string[];
}

/**
 * A schema that was made of values' shapes, and takes of what it says less: the words that were seen where a word chooses what a tool
 * does, the folders and addresses that were, and yes or no where it was always the same.
 *
 * Where some values are places and others any text, it is what most of them are: the others are refused.
 * @param name of the argument that the values are of
 * @param defined what the server's own schema says of it; undefined: nothing
 */
export function narrowed(
  schema: Members,
  values: readonly Weighed[],
  name: string,
  defined: unknown,
  narrowing: Narrowing,
): Members {
  const words = wordsTaken(values, name, defined, narrowing);
  if (words !== undefined) return { type: words.includes(null) ? ["string", "null"] : "string", enum: words };
  return {
    ...schema,
    ...roomForText(schema, name),
    ...narrowedObject(schema, values, name, defined, narrowing),
    ...narrowedItems(schema, values, name, defined, narrowing),
    ...placesTaken(schema, values, name, narrowing),
    ...narrowedFlag(schema, values),
  };
}

function narrowedObject(
  schema: Members,
  values: readonly Weighed[],
  name: string,
  defined: unknown,
  narrowing: Narrowing,
): Members {
  const { properties, additionalProperties } = schema;
  const objects = values.flatMap(({ value, times }) => (isObject(value) ? [{ value, times }] : []));
  if (isObject(properties)) {
    const { required = [] } = schema as { readonly required?: readonly string[] };
    return {
      properties: Object.fromEntries(
        Object.entries(properties).map(([member, each]) => {
          const own = objects.flatMap(({ value, times }) =>
            Object.hasOwn(value, member) ? [{ value: value[member], times }] : [],
          );
          const made = narrowed(
            each as Members,
            own,
            member,
            memberOf(defined, "properties", member),
            narrowing,
          );
          // What was left out at times was the other way then.
          const { const: always, ...rest } = made;
          return [member, always === undefined || required.includes(member) ? made : rest];
        }),
      ),
    };
  }
  if (!isObject(additionalProperties)) return {};
  const names = objects.map(({ value }) => Object.keys(value));
  if (names.flat().some((each) => /[/\\]/.test(each)))
    narrowing.problems.push(`${shownName(name)}: names of its members are places`);
  if (names.some((all) => all.length > 0 && !all.some(isDataName)))
    narrowing.problems.push(`${shownName(name)}: names of its members are data in some calls`);
  const members = objects.flatMap(({ value, times }) =>
    Object.values(value).map((each) => ({ value: each, times })),
  );
  return { additionalProperties: narrowed(additionalProperties, members, name, undefined, narrowing) };
}

function narrowedItems(
  schema: Members,
  values: readonly Weighed[],
  name: string,
  defined: unknown,
  narrowing: Narrowing,
): Members {
  const { items } = schema;
  if (!isObject(items)) return {};
  const all = values.flatMap(({ value, times }) =>
    Array.isArray(value) ? (value as readonly unknown[]).map((each) => ({ value: each, times })) : [],
  );
  return { items: narrowed(items, all, name, memberOf(defined, "items"), narrowing) };
}

/** What somebody writes is as long as this without being something else, characters. */
const USUAL_LENGTH = 4096;

function roomForText({ maxLength, format }: Members, name: string): Members {
  return isProse(name) && typeof maxLength === "number" && format === undefined
    ? { maxLength: Math.max(maxLength, USUAL_LENGTH) }
    : {};
}

/**
 * The words that a schema is to list; undefined: any text may be said there. Where most values are words, the others are refused.
 */
function wordsTaken(
  values: readonly Weighed[],
  name: string,
  defined: unknown,
  { tool, problems }: Narrowing,
): readonly unknown[] | undefined {
  const said = values.flatMap(({ value, times }) =>
    typeof value === "string" && useOf(tool, name, value).kind === "word" ? [{ value, times }] : [],
  );
  const words = [...new Set(said.map(({ value }) => value))].toSorted();
  const empty = values.filter(({ value }) => value === null);
  const areMost = total(said) * 2 > total(values) - total(empty);
  if (areMost && words.length <= MAX_WORDS) return [...words, ...(empty.length > 0 ? [null] : [])];
  const isBare = values.every(({ value }) => typeof value !== "object" || value === null);
  if (saysAct(name) && isBare && total(values) > 0) {
    problems.push(`${shownName(name)}: it says which act is meant, and most of its values are no words`);
    return undefined;
  }
  const isText = values.every(({ value }) => typeof value === "string");
  return said.length === 0 && isText ? definedWords(defined) : undefined;
}

function placesTaken(
  schema: Members,
  values: readonly Weighed[],
  name: string,
  { tool, problems }: Narrowing,
): Members {
  if (!typesOf(schema).includes("string")) return {};
  const texts = values.flatMap(({ value, times }) =>
    typeof value === "string" ? [{ value, times, use: useOf(tool, name, value) }] : [],
  );
  const places = texts.flatMap(({ use, value, times }) =>
    use.kind === "place" ? [{ value, times, place: use.place }] : [],
  );
  if (places.length === 0) return {};
  if (total(places) * 2 <= total(texts)) {
    problems.push(`${shownName(name)}: some of its values are places, and most are not`);
    return {};
  }
  const made = patternOf(places.map(({ place }) => place));
  if ("pattern" in made) return { pattern: made.pattern };
  problems.push(`${shownName(name)}: ${made.why}`);
  return {};
}

/** The words that the server's own schema lists. */
function definedWords(defined: unknown): readonly string[] | undefined {
  const words = isObject(defined) ? defined["enum"] : undefined;
  if (!Array.isArray(words) || words.length === 0 || words.length > MAX_DEFINED_WORDS) return undefined;
  const texts = (words as readonly unknown[]).filter((each) => typeof each === "string");
  return texts.length === words.length ? texts : undefined;
}

function narrowedFlag(schema: Members, values: readonly Weighed[]): Members {
  if (!typesOf(schema).every((type) => type === "boolean" || type === "null")) return {};
  const seen = [...new Set(values.map(({ value }) => value))];
  const [always, ...others] = seen.filter((value) => value !== null);
  if (always === undefined || others.length > 0) return {};
  return seen.length === 1 ? { const: always } : { enum: [always, null] };
}

/** What a schema says of a part; undefined: nothing that can be told without following references. */
function memberOf(schema: unknown, ...steps: readonly string[]): unknown {
  let part = schema;
  for (const step of steps) part = isObject(part) && Object.hasOwn(part, step) ? part[step] : undefined;
  return part;
}
