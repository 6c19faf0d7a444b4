import { hidesSomething, inEscapes } from "../../kernel/unseen.ts";
import { createReferences, referencesIn } from "./schema-references.ts";

/**
 * A JSON Schema in words that a person can check: a line a member, with its limits. What has no words of its own here is
 * shown as it is written, so that a reader sees every rule of the schema (draft 2020-12, "Validation").
 */

type Schema = Readonly<Record<string, unknown>>;

/** Say something about a schema and nothing about values (JSON Schema Core, section 8; Validation, section 9). */
const annotations: ReadonlySet<string> = new Set([
  "$anchor",
  "$comment",
  "$defs",
  "$id",
  "$schema",
  "default",
  "definitions",
  "deprecated",
  "description",
  "discriminator",
  "example",
  "examples",
  "externalDocs",
  "readOnly",
  "title",
  "writeOnly",
  "xml",
]);

/** How deep members are followed; what lies deeper is shown as it is written. */
const MAX_DEPTH = 6;
/** How many lines a reader is given; how many more there are is said. */
const MAX_LINES = 60;
/** The longest line, UTF-16 code units; a longer one goes on below. */
const MAX_LINE = 400;
/** Lines that are made before a schema is no longer taken apart. */
const MAX_MADE = 2000;

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  null: "null",
  object: "an object",
  array: "a list",
};

const isSchema = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const written = (value: unknown): string => JSON.stringify(value) ?? "";

/** A pattern without quotation marks, where nothing in it looks like the words around it. */
const patternWords = (value: unknown): string =>
  typeof value === "string" && !/[;:,"] |^\s|\s$|^$|…/u.test(value) && !hidesSomething(value)
    ? value
    : written(value);

/** A member's name: one that could be taken for a path, for other words or for another name stands in quotation marks. */
const nameWords = (name: string): string =>
  /^[\w$@.-]+$/.test(name) ? name : written(name).replaceAll("/", String.raw`\/`);

/** `1 to 5`, `at most 5`, `at least 1`, of what is counted in `unit`. */
function range(least: unknown, most: unknown, unit = ""): string | undefined {
  if (least === undefined && most === undefined) return undefined;
  if (most === undefined) return `at least ${written(least)}${unit}`;
  if (least === undefined) return `at most ${written(most)}${unit}`;
  return `${written(least)} to ${written(most)}${unit}`;
}

/** Takes keywords out of a schema as they are put into words, so that what is left over is known. */
class Rest {
  readonly #schema: Schema;
  readonly #left: Set<string>;

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#left = new Set(Object.keys(schema).filter((keyword) => !annotations.has(keyword)));
  }

  take(keyword: string): unknown {
    this.#left.delete(keyword);
    return Object.hasOwn(this.#schema, keyword) ? this.#schema[keyword] : undefined;
  }

  /** What has no words. */
  left(): (readonly [keyword: string, value: unknown])[] {
    return [...this.#left].map((keyword) => [keyword, this.#schema[keyword]]);
  }
}

function typeOf(rest: Rest): string | undefined {
  const type = rest.take("type");
  if (type === undefined) return undefined;
  const names = Array.isArray(type) ? (type as unknown[]) : [type];
  return names.map((name) => typeNames[String(name)] ?? written(name)).join(" or ");
}

/** The rules of one value, in the order in which they are read. */
function valueWords(rest: Rest): string[] {
  const isConstant = rest.take("const");
  const choice = rest.take("enum");
  const pattern = rest.take("pattern");
  const format = rest.take("format");
  const above = rest.take("exclusiveMinimum");
  const below = rest.take("exclusiveMaximum");
  const multiple = rest.take("multipleOf");
  const unique = rest.take("uniqueItems");
  return [
    typeOf(rest),
    isConstant === undefined ? undefined : `exactly ${written(isConstant)}`,
    Array.isArray(choice) ? `one of ${choice.map(written).join(", ")}` : undefined,
    range(rest.take("minLength"), rest.take("maxLength"), " characters"),
    pattern === undefined ? undefined : `matching ${patternWords(pattern)}`,
    format === undefined ? undefined : `in the format ${patternWords(format)}`,
    range(rest.take("minimum"), rest.take("maximum")),
    above === undefined ? undefined : `more than ${written(above)}`,
    below === undefined ? undefined : `less than ${written(below)}`,
    multiple === undefined ? undefined : `a multiple of ${written(multiple)}`,
    range(rest.take("minItems"), rest.take("maxItems"), " items"),
    unique === true ? "no item twice" : undefined,
    range(rest.take("minProperties"), rest.take("maxProperties"), " members"),
  ].filter((words) => words !== undefined);
}

/** What a schema's words share. */
interface Reading {
  readonly referred: (reference: unknown) => unknown;
  /** References that stand as they are written, and have to be explained. */
  readonly unexplained: Set<string>;
  made: number;
}

interface Place {
  readonly reading: Reading;
  readonly path: string;
  readonly required: boolean;
  /** References that led here: one that leads to itself is shown as it is written. */
  readonly followed: ReadonlySet<string>;
  readonly depth: number;
}

/** The lines of one value and of what is in it. */
function linesOf(schema: unknown, place: Place): string[] {
  const { path, required, depth, reading } = place;
  reading.made += 1;
  const asWritten = (value: unknown): void => {
    for (const each of referencesIn(value)) if (!place.followed.has(each)) reading.unexplained.add(each);
  };
  const line = (words: readonly string[]): string => {
    const said = [...words, ...(required ? ["required"] : [])].join("; ");
    return `${path === "" ? "" : `${path}: `}${said === "" ? "anything" : said}`;
  };
  if (schema === true) return [line(["anything"])];
  if (schema === false) return [line(["nothing"])];
  if (!isSchema(schema) || depth > MAX_DEPTH || reading.made > MAX_MADE) {
    asWritten(schema);
    return [line([written(schema)])];
  }
  const rest = new Rest(schema);
  const reference = schema["$ref"];
  const target = reading.referred(reference);
  const others = Object.keys(schema).filter((keyword) => keyword !== "$ref" && !annotations.has(keyword));
  if (target !== undefined && others.length === 0 && !place.followed.has(String(reference)))
    return linesOf(target, { ...place, followed: new Set([...place.followed, String(reference)]) });

  const below: string[] = [];
  const inside = (child: unknown, name: string, isRequired: boolean): void => {
    below.push(
      ...linesOf(child, { ...place, path: `${path}/${name}`, required: isRequired, depth: depth + 1 }),
    );
  };
  const words = valueWords(rest);
  const needed = rest.take("required");
  const names = Array.isArray(needed) ? needed.map(String) : [];
  const members = rest.take("properties");
  const known = isSchema(members) ? Object.entries(members) : [];
  for (const [name, child] of known) inside(child, nameWords(name), names.includes(name));
  const unnamed = names.filter((name) => !known.some(([each]) => each === name));
  if (unnamed.length > 0) words.push(`with ${unnamed.map(nameWords).join(", ")}`);
  const families = rest.take("patternProperties");
  if (isSchema(families))
    for (const [pattern, child] of Object.entries(families))
      inside(child, `(names matching ${patternWords(pattern)})`, false);
  const first = rest.take("prefixItems");
  if (Array.isArray(first)) first.forEach((child, index) => inside(child, String(index), false));
  const items = rest.take("items");
  if (items !== undefined) inside(items, "*", false);
  const more = rest.take("additionalProperties");
  if (more === false) words.push("no other members");
  else if (more === undefined) {
    // What unevaluatedProperties says of the others stands there as it is written.
    const isOpen = schema["unevaluatedProperties"] === undefined && (known.length > 0 || isSchema(families));
    if (isOpen) words.push("and any other member");
  } else inside(more, "(any other name)", false);
  const left = rest.left();
  for (const [keyword, value] of left) asWritten({ [keyword]: value });
  return [line([...words, ...left.map(([keyword, value]) => `${keyword} ${written(value)}`)]), ...below];
}

/** The lines of what is referred to, until nothing is that is not explained. */
function explained(root: unknown, reading: Reading): string[] {
  const lines: string[] = [];
  let isUncertain = false;
  // A set is gone through with what is added meanwhile.
  for (const reference of reading.unexplained) {
    const target = reading.referred(reference);
    if (target === undefined) isUncertain = true;
    else {
      const path = /^#[\w$@./-]*$/.test(reference) ? reference : written(reference);
      lines.push(
        ...linesOf(target, { reading, path, required: false, followed: new Set([reference]), depth: 0 }),
      );
    }
  }
  if (isUncertain && isSchema(root))
    for (const keyword of ["$defs", "definitions"])
      if (root[keyword] !== undefined) lines.push(`${keyword}: ${written(root[keyword])}`);
  return lines;
}

/** A line, in as many as it takes. */
function broken(line: string): string[] {
  const rest = Array.from(inEscapes(line));
  const lines = [rest.splice(0, MAX_LINE).join("")];
  while (rest.length > 0) lines.push(`… ${rest.splice(0, MAX_LINE).join("")}`);
  return lines;
}

/**
 * A schema in words, a line a member: `/cents: a whole number; 1 to 50000; required`. The first line is about the whole;
 * at the end stands what others refer to; a line that begins with `…` goes on from the one before.
 * @param text the schema as JSON; it has been compiled before
 */
export function schemaWords(text: string): readonly string[] {
  const root: unknown = JSON.parse(text);
  const reading: Reading = { referred: createReferences(root), unexplained: new Set(), made: 0 };
  const main = linesOf(root, { reading, path: "", required: false, followed: new Set(), depth: 0 });
  const lines = [...main, ...explained(root, reading)].flatMap(broken);
  const shown = lines.slice(0, MAX_LINES);
  if (lines.length > MAX_LINES) shown.push(`… and ${lines.length - MAX_LINES} more rules of the schema`);
  return shown;
}
