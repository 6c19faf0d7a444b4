type Schema = Readonly<Record<string, unknown>>;

/** Keywords whose value is a mapping of names to schemas: the names are the author's, and no keywords. */
const named: ReadonlySet<string> = new Set([
  "properties",
  "patternProperties",
  "dependentSchemas",
  "dependencies",
  "$defs",
  "definitions",
]);
/** Keywords whose value is data. */
const data: ReadonlySet<string> = new Set(["const", "enum", "default", "examples", "example"]);

/** Keywords that the validator takes and does not keep as they are written. */
const notKept: ReadonlyMap<string, string> = new Map([
  // Its answer would come later, as a promise that nobody awaits.
  ["$async", "it is no keyword of JSON Schema"],
  // It is resolved to the schema's root wherever its anchor stands.
  ["$dynamicRef", "use $ref"],
  ["$dynamicAnchor", "use $defs and $ref"],
  ["$recursiveRef", "use $ref"],
  ["$recursiveAnchor", "use $defs and $ref"],
  // It takes every item for evaluated beside contains, and below anyOf, oneOf and if.
  ["unevaluatedItems", "use items, with prefixItems where the first ones differ"],
]);

/**
 * What of a schema could not be enforced as it is written; undefined when all of it can.
 * @param schema any JSON
 */
export function problemOfKeywords(schema: unknown): string | undefined {
  const met = new Set<string>();
  collect(schema, met);
  for (const [keyword, why] of notKept) if (met.has(keyword)) return `${keyword} cannot be enforced: ${why}`;
  return undefined;
}

/** Adds every keyword that stands in a schema or below it. */
function collect(schema: unknown, met: Set<string>): void {
  if (Array.isArray(schema)) {
    for (const each of schema) collect(each, met);
    return;
  }
  if (typeof schema !== "object" || schema === null) return;
  for (const [keyword, value] of Object.entries(schema as Schema)) {
    met.add(keyword);
    if (data.has(keyword)) continue;
    if (named.has(keyword) && typeof value === "object" && value !== null)
      for (const each of Object.values(value)) collect(each, met);
    else collect(value, met);
  }
}
