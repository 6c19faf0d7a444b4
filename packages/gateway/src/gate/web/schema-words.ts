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
/** The longest line, UTF-16 code units. */
const MAX_LINE = 400;

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

/** A text without quotation marks, anything else as it is written. */
const plain = (value: unknown): string => (typeof value === "string" ? value : written(value));

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

  /** What has no words, as it is written. */
  asWritten(): string[] {
    return [...this.#left].map((keyword) => `${keyword} ${written(this.#schema[keyword])}`);
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
    pattern === undefined ? undefined : `matching ${plain(pattern)}`,
    format === undefined ? undefined : `called ${plain(format)}, which is not checked`,
    range(rest.take("minimum"), rest.take("maximum")),
    above === undefined ? undefined : `more than ${written(above)}`,
    below === undefined ? undefined : `less than ${written(below)}`,
    multiple === undefined ? undefined : `a multiple of ${written(multiple)}`,
    range(rest.take("minItems"), rest.take("maxItems"), " items"),
    unique === true ? "no item twice" : undefined,
    range(rest.take("minProperties"), rest.take("maxProperties"), " members"),
  ].filter((words) => words !== undefined);
}

/** The schema that a reference within the file names; undefined where it names none. */
function referred(root: unknown, reference: unknown): unknown {
  if (typeof reference !== "string" || !/^#(?:\/|$)/.test(reference)) return undefined;
  let found: unknown = root;
  for (const part of reference.split("/").slice(1)) {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (!isSchema(found) || !Object.hasOwn(found, name)) return undefined;
    found = found[name];
  }
  return found;
}

interface Place {
  readonly root: unknown;
  readonly path: string;
  readonly required: boolean;
  /** References that led here: one that leads to itself is shown as it is written. */
  readonly followed: ReadonlySet<string>;
  readonly depth: number;
}

/** The lines of one value and of what is in it. */
function linesOf(schema: unknown, place: Place): string[] {
  const { path, required, depth } = place;
  const line = (words: readonly string[]): string => {
    const said = [...words, ...(required ? ["required"] : [])].join("; ");
    return `${path === "" ? "" : `${path}: `}${said === "" ? "anything" : said}`;
  };
  if (schema === true) return [line(["anything"])];
  if (schema === false) return [line(["nothing"])];
  if (!isSchema(schema) || depth > MAX_DEPTH) return [line([written(schema)])];
  const rest = new Rest(schema);
  const reference = schema["$ref"];
  const target = referred(place.root, reference);
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
  for (const [name, child] of known) inside(child, name, names.includes(name));
  const unnamed = names.filter((name) => !known.some(([each]) => each === name));
  if (unnamed.length > 0) words.push(`with ${unnamed.join(", ")}`);
  const families = rest.take("patternProperties");
  if (isSchema(families))
    for (const [pattern, child] of Object.entries(families))
      inside(child, `(names matching ${pattern})`, false);
  const first = rest.take("prefixItems");
  if (Array.isArray(first)) first.forEach((child, index) => inside(child, String(index), false));
  const items = rest.take("items");
  if (items !== undefined) inside(items, "*", false);
  const more = rest.take("additionalProperties");
  if (more === false) words.push("no other members");
  else if (more === undefined && (known.length > 0 || isSchema(families))) words.push("and any other member");
  else if (more !== undefined) inside(more, "(any other name)", false);
  return [line([...words, ...rest.asWritten()]), ...below];
}

function bounded(line: string): string {
  const clean = line.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "?");
  return clean.length > MAX_LINE ? `${clean.slice(0, MAX_LINE)}… (${clean.length} characters)` : clean;
}

/**
 * A schema in words, a line a member: `/cents: a whole number; 1 to 50000; required`. The first line is about the whole.
 * @param text the schema as JSON; it has been compiled before
 */
export function schemaWords(text: string): readonly string[] {
  const root: unknown = JSON.parse(text);
  const lines = linesOf(root, { root, path: "", required: false, followed: new Set(), depth: 0 });
  const shown = lines.slice(0, MAX_LINES).map(bounded);
  if (lines.length > MAX_LINES) shown.push(`… and ${lines.length - MAX_LINES} more rules of the schema`);
  return shown;
}
