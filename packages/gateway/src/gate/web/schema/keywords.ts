/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema */
/** The kind of value that a keyword of a JSON Schema has. */
type Holds = "value" | "schema" | "schemas" | "schemasByName";

/**
 * The enforced keywords (JSON Schema 2020-12). Each has a test case that it alone refuses. A schema with a keyword that is
 * neither here nor among the annotations is refused.
 */
export const ENFORCED_KEYWORDS: Readonly<Record<string, Holds>> = {
  $ref: "value",
  type: "value",
  enum: "value",
  const: "value",
  multipleOf: "value",
  maximum: "value",
  exclusiveMaximum: "value",
  minimum: "value",
  exclusiveMinimum: "value",
  maxLength: "value",
  minLength: "value",
  pattern: "value",
  format: "value",
  maxItems: "value",
  minItems: "value",
  uniqueItems: "value",
  maxContains: "value",
  minContains: "value",
  maxProperties: "value",
  minProperties: "value",
  required: "value",
  dependentRequired: "value",
  allOf: "schemas",
  anyOf: "schemas",
  oneOf: "schemas",
  not: "schema",
  if: "schema",
  then: "schema",
  else: "schema",
  dependentSchemas: "schemasByName",
  prefixItems: "schemas",
  items: "schema",
  contains: "schema",
  properties: "schemasByName",
  patternProperties: "schemasByName",
  additionalProperties: "schema",
  propertyNames: "schema",
};

/** Keywords that hold referenced schemas, and annotations. */
const NEUTRAL_KEYWORDS: Readonly<Record<string, Holds>> = {
  $schema: "value",
  $id: "value",
  $anchor: "value",
  $defs: "schemasByName",
  definitions: "schemasByName",
  $comment: "value",
  title: "value",
  description: "value",
  default: "value",
  examples: "value",
  deprecated: "value",
  writeOnly: "value",
  // OpenAPI's own.
  example: "value",
  externalDocs: "value",
  xml: "value",
};

/** The kind of a keyword's value; undefined for a keyword that is refused. */
export function holdsOf(keyword: string): Holds | undefined {
  if (Object.hasOwn(ENFORCED_KEYWORDS, keyword)) return ENFORCED_KEYWORDS[keyword];
  return Object.hasOwn(NEUTRAL_KEYWORDS, keyword) ? NEUTRAL_KEYWORDS[keyword] : undefined;
}

/** OpenAPI's annotations, which JSON Schema does not know. */
export const FOREIGN_ANNOTATIONS: readonly string[] = ["example", "externalDocs", "xml"];

/** What to write instead of a keyword that nothing would check. */
const instead: Readonly<Record<string, string>> = {
  readOnly: "leave the property out, and set additionalProperties: false",
  contentEncoding: "write a pattern",
  contentMediaType: "write a pattern",
  contentSchema: "write a pattern",
  // Validators do not agree on what counts as evaluated.
  unevaluatedItems: "write prefixItems, and items: false",
  unevaluatedProperties:
    "list every member under properties, those that allOf and its like judge as true, beside additionalProperties: false",
  discriminator: "write oneOf, with a const for each",
  nullable: 'write type: [TYPE, "null"]',
  dependencies: "write dependentRequired or dependentSchemas",
  additionalItems: "write prefixItems and items",
  $dynamicRef: "write $ref",
  $dynamicAnchor: "write $anchor",
  $recursiveRef: "write $ref",
  id: "write $id",
};

/** Maximum nesting of a schema. */
const MAX_SCHEMA_DEPTH = 64;

/** The first unenforced keyword of a schema, in words, or undefined. @param at its place, as a JSON pointer */
export function problemOfKeywords(schema: unknown, at = "", depth = 0): string | undefined {
  if (depth > MAX_SCHEMA_DEPTH) return "it nests too deep";
  if (typeof schema === "boolean") return undefined;
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    return `${at === "" ? "it" : at} is no schema`;
  const nameless = namesNothing(schema);
  if (nameless !== undefined)
    return `${at}/${nameless} holds an empty name, which is not enforced: leave it out`;
  for (const [keyword, value] of Object.entries(schema)) {
    const holds = holdsOf(keyword);
    const here = `${at}/${keyword}`.slice(0, 200);
    if (holds === undefined) {
      const hint = Object.hasOwn(instead, keyword) ? `: ${instead[keyword]}` : "";
      return `${here} is not enforced${hint}`;
    }
    const problem = problemWithin(holds, value, here, depth + 1);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** A keyword that requires a member with an empty name: the validator takes such a member for one that is there. */
function namesNothing(schema: object): string | undefined {
  const { required, dependentRequired } = schema as Readonly<Record<string, unknown>>;
  const isNameless = (names: unknown): boolean => Array.isArray(names) && names.includes("");
  if (isNameless(required)) return "required";
  return Object.values(dependentRequired ?? {}).some(isNameless) ? "dependentRequired" : undefined;
}

function problemWithin(holds: Holds, value: unknown, at: string, depth: number): string | undefined {
  if (holds === "value") return undefined;
  if (holds === "schema") return problemOfKeywords(value, at, depth);
  if (typeof value !== "object" || value === null || Array.isArray(value) !== (holds === "schemas"))
    return `${at} holds no schemas`;
  for (const [name, each] of Object.entries(value)) {
    // A property of this name can be neither required nor judged in JavaScript.
    if (name === "__proto__") return `${at}/__proto__ cannot be enforced`;
    const problem = problemOfKeywords(each, `${at}/${name}`, depth);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
