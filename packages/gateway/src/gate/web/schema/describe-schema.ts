import { hasInvisible, escapeInvisible } from "../../../kernel/invisible-characters.ts";
import { createReferences, referencesIn } from "./references.ts";

/**
 * Describes a JSON Schema in words that a person can check: one line a member, with its limits. A keyword without words here
 * is shown unchanged, so that a reader sees every rule of the schema (draft 2020-12, "Validation").
 */

type Schema = Readonly<Record<string, unknown>>;

/** Annotations, which restrict no value (JSON Schema Core, section 8; Validation, section 9). */
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

/** Maximum depth of described members; deeper ones are shown unchanged. */
const MAX_DEPTH = 6;
/** Maximum number of lines for a reader; a last line counts the others. */
const MAX_LINES = 60;
/** Maximum length of a line, UTF-16 code units; a longer one continues below. */
const MAX_LINE = 400;
/** Maximum number of lines that are generated at all. */
const MAX_GENERATED_LINES = 2000;

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

/** A pattern, without quotation marks where it cannot be confused with the words around it. */
const patternWords = (value: unknown): string =>
  typeof value === "string" && !/[;:,"] |^\s|\s$|^$|…/u.test(value) && !hasInvisible(value)
    ? value
    : written(value);

/** A member's name, in quotation marks where it could pass for a path, for other words or for another name. */
const nameWords = (name: string): string =>
  /^[\w$@.-]+$/.test(name) ? name : written(name).replaceAll("/", String.raw`\/`);

/** `1 to 5`, `at most 5`, `at least 1`, of what is counted in `unit`. */
function range(least: unknown, most: unknown, unit = ""): string | undefined {
  if (least === undefined && most === undefined) return undefined;
  if (most === undefined) return `at least ${written(least)}${unit}`;
  if (least === undefined) return `at most ${written(most)}${unit}`;
  return `${written(least)} to ${written(most)}${unit}`;
}

/** Removes each keyword that has been described, so that the remaining ones are known. */
class Rest {
  readonly #schema: Schema;
  readonly #left: Set<string>;

  constructor(schema: Schema) {
    this.#schema = schema;
    this.#left = new Set(Object.keys(schema).filter((keyword) => !annotations.has(keyword)));
  }

  consume(keyword: string): unknown {
    this.#left.delete(keyword);
    return Object.hasOwn(this.#schema, keyword) ? this.#schema[keyword] : undefined;
  }

  /** The keywords that were not described. */
  left(): (readonly [keyword: string, value: unknown])[] {
    return [...this.#left].map((keyword) => [keyword, this.#schema[keyword]]);
  }
}

function typeOf(rest: Rest): string | undefined {
  const type = rest.consume("type");
  if (type === undefined) return undefined;
  const names = Array.isArray(type) ? (type as unknown[]) : [type];
  return names.map((name) => typeNames[String(name)] ?? written(name)).join(" or ");
}

/** The rules of one value, in reading order. */
function valueWords(rest: Rest): string[] {
  const isConstant = rest.consume("const");
  const choice = rest.consume("enum");
  const pattern = rest.consume("pattern");
  const format = rest.consume("format");
  const above = rest.consume("exclusiveMinimum");
  const below = rest.consume("exclusiveMaximum");
  const multiple = rest.consume("multipleOf");
  const unique = rest.consume("uniqueItems");
  return [
    typeOf(rest),
    isConstant === undefined ? undefined : `exactly ${written(isConstant)}`,
    Array.isArray(choice) ? `one of ${choice.map(written).join(", ")}` : undefined,
    range(rest.consume("minLength"), rest.consume("maxLength"), " characters"),
    pattern === undefined ? undefined : `matching ${patternWords(pattern)}`,
    format === undefined ? undefined : `in the format ${patternWords(format)}`,
    range(rest.consume("minimum"), rest.consume("maximum")),
    above === undefined ? undefined : `more than ${written(above)}`,
    below === undefined ? undefined : `less than ${written(below)}`,
    multiple === undefined ? undefined : `a multiple of ${written(multiple)}`,
    range(rest.consume("minItems"), rest.consume("maxItems"), " items"),
    unique === true ? "no item twice" : undefined,
    range(rest.consume("minProperties"), rest.consume("maxProperties"), " members"),
  ].filter((words) => words !== undefined);
}

/** State shared by the description of one schema. */
interface Reading {
  readonly referred: (reference: unknown) => unknown;
  /** References that are shown unchanged, and have to be explained. */
  readonly unexplained: Set<string>;
  made: number;
}

interface Place {
  readonly reading: Reading;
  readonly path: string;
  readonly required: boolean;
  /** References that led here: one that leads to itself is shown unchanged. */
  readonly followed: ReadonlySet<string>;
  readonly depth: number;
}

/** The lines of one value and of its members. */
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
  if (!isSchema(schema) || depth > MAX_DEPTH || reading.made > MAX_GENERATED_LINES) {
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
  const needed = rest.consume("required");
  const names = Array.isArray(needed) ? needed.map(String) : [];
  const members = rest.consume("properties");
  const known = isSchema(members) ? Object.entries(members) : [];
  for (const [name, child] of known) inside(child, nameWords(name), names.includes(name));
  const unnamed = names.filter((name) => !known.some(([each]) => each === name));
  if (unnamed.length > 0) words.push(`with ${unnamed.map(nameWords).join(", ")}`);
  const families = rest.consume("patternProperties");
  if (isSchema(families))
    for (const [pattern, child] of Object.entries(families))
      inside(child, `(names matching ${patternWords(pattern)})`, false);
  const first = rest.consume("prefixItems");
  if (Array.isArray(first)) first.forEach((child, index) => inside(child, String(index), false));
  const items = rest.consume("items");
  if (items !== undefined) inside(items, "*", false);
  const more = rest.consume("additionalProperties");
  if (more === false) words.push("no other members");
  else if (more === undefined) {
    if (known.length > 0 || isSchema(families)) words.push("and any other member");
  } else inside(more, "(any other name)", false);
  const left = rest.left();
  for (const [keyword, value] of left) asWritten({ [keyword]: value });
  return [line([...words, ...left.map(([keyword, value]) => `${keyword} ${written(value)}`)]), ...below];
}

/** The lines of all referenced schemas, until every reference is explained. */
function explained(root: unknown, reading: Reading): string[] {
  const lines: string[] = [];
  let isUncertain = false;
  // Iterating a set includes what is added meanwhile.
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

/** Splits a line into lines of the allowed length. */
function broken(line: string): string[] {
  const rest = Array.from(escapeInvisible(line));
  const lines = [rest.splice(0, MAX_LINE).join("")];
  while (rest.length > 0) lines.push(`… ${rest.splice(0, MAX_LINE).join("")}`);
  return lines;
}

/**
 * Describes a schema, one line a member: `/cents: a whole number; 1 to 50000; required`. The first line is about the whole
 * value; referenced schemas stand at the end; a line that begins with `…` continues the one before.
 * @param text the schema as JSON; it has been compiled before
 */
export function describeSchema(text: string): readonly string[] {
  const root: unknown = JSON.parse(text);
  const reading: Reading = { referred: createReferences(root), unexplained: new Set(), made: 0 };
  const main = linesOf(root, { reading, path: "", required: false, followed: new Set(), depth: 0 });
  const lines = [...main, ...explained(root, reading)].flatMap(broken);
  const shown = lines.slice(0, MAX_LINES);
  if (lines.length > MAX_LINES) shown.push(`… and ${lines.length - MAX_LINES} more rules of the schema`);
  return shown;
}
