/** The maximum cost of checking a value of this size, in steps; Infinity: no bound is known. */
export type SchemaCost = (bytes: number) => number;

/** Beyond this number of applied subschemas a schema counts as unbounded. */
const MAX_APPLIED = 20_000;

/** Keywords whose members are schemas by name, and those that are not applied where they stand. */
const byName: ReadonlySet<string> = new Set(["properties", "patternProperties", "dependentSchemas"]);
const definitions: ReadonlySet<string> = new Set(["$defs", "definitions"]);
/** Keywords whose values are compared, and annotations. */
const values: ReadonlySet<string> = new Set(["enum", "const"]);
const notes: ReadonlySet<string> = new Set(["default", "examples", "example", "externalDocs", "xml"]);
/** References whose target depends on the path of the check. */
const dynamic: ReadonlySet<string> = new Set(["$dynamicRef", "$recursiveRef"]);

/** The largest repetition count of a pattern: RE2 unrolls it. */
function repeats(pattern: string): number {
  let largest = 1;
  for (const [, from, to] of pattern.matchAll(/\{(\d{1,4})(?:,(\d{0,4}))?\}/g))
    largest = Math.max(largest, Number(from), Number(to ?? 0));
  return largest;
}

/** A pattern is matched in linear time, in proportion to its unrolled length. */
function patternWeight(pattern: string): number {
  return 4 * (pattern.length + 1) * repeats(pattern);
}

interface Weight {
  /** Steps a byte of a value. */
  linear: number;
  /** Keywords that compare the parts of a value with each other. */
  squares: number;
  applied: number;
}

/**
 * Bounds the cost of a schema's checks. Every subschema is applied at most once to each part of a value, unless it is reached
 * in two ways or from itself. One that is reached from itself counts as unbounded, since branches can double with each level
 * of a value.
 * @param schema the parsed schema
 */
export function costOf(schema: unknown): SchemaCost {
  const weight: Weight = { linear: 0, squares: 0, applied: 0 };
  const isBounded = weigh(schema, schema, weight, new Set());
  if (!isBounded) return () => Number.POSITIVE_INFINITY;
  const { linear, squares } = weight;
  return (bytes) => linear * bytes + squares * bytes * bytes;
}

/** @returns false when there is no bound */
function weigh(schema: unknown, root: unknown, weight: Weight, within: Set<unknown>): boolean {
  weight.applied += 1;
  weight.linear += 1;
  if (weight.applied > MAX_APPLIED || within.has(schema)) return false;
  if (typeof schema !== "object" || schema === null) return true;
  within.add(schema);
  const isBounded = Object.entries(schema).every(([keyword, value]) =>
    weighKeyword(keyword, value, root, weight, within),
  );
  within.delete(schema);
  return isBounded;
}

function weighKeyword(
  keyword: string,
  value: unknown,
  root: unknown,
  weight: Weight,
  within: Set<unknown>,
): boolean {
  if (dynamic.has(keyword)) return false;
  if (definitions.has(keyword) || notes.has(keyword)) return true;
  if (values.has(keyword)) {
    weight.linear += JSON.stringify(value).length;
    return true;
  }
  if (keyword === "$ref") {
    const target = typeof value === "string" ? resolve(value, root) : undefined;
    return target !== undefined && weigh(target, root, weight, within);
  }
  if (keyword === "pattern" && typeof value === "string") weight.linear += patternWeight(value);
  if (keyword === "uniqueItems" && value === true) weight.squares += 1;
  if (typeof value !== "object" || value === null) return true;
  if (keyword === "patternProperties")
    for (const pattern of Object.keys(value)) weight.linear += patternWeight(pattern);
  if (byName.has(keyword) || Array.isArray(value))
    return Object.values(value).every((each) => weigh(each, root, weight, within));
  return weigh(value, root, weight, within);
}

/** The target of a reference within the same schema (RFC 6901, section 6); undefined for any other reference. */
function resolve(reference: string, root: unknown): unknown {
  if (reference === "#") return root;
  if (!reference.startsWith("#/")) return undefined;
  let at: unknown = root;
  for (const part of decodeURIComponent(reference.slice(2)).split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}
