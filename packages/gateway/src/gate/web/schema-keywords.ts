/* oxlint-disable unicorn/no-thenable -- `then` is a keyword of JSON Schema */
/** What a keyword of a JSON Schema holds. */
type Holds = "value" | "schema" | "schemas" | "schemasByName";

/**
 * The keywords that are enforced (JSON Schema 2020-12). Every one has a case in the tests that it alone refuses; a keyword
 * that stands neither here nor among the annotations is refused where it is written.
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
  unevaluatedProperties: "schema",
};

/** Where schemas stand that others refer to, and what says nothing of a value. */
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

/** What a keyword holds; undefined when it is not taken. */
export function holdsOf(keyword: string): Holds | undefined {
  if (Object.hasOwn(ENFORCED_KEYWORDS, keyword)) return ENFORCED_KEYWORDS[keyword];
  return Object.hasOwn(NEUTRAL_KEYWORDS, keyword) ? NEUTRAL_KEYWORDS[keyword] : undefined;
}

/** Annotations of OpenAPI's that JSON Schema does not know. */
export const FOREIGN_ANNOTATIONS: readonly string[] = ["example", "externalDocs", "xml"];

/** What to write instead of a keyword that would promise what nothing checks. */
const instead: Readonly<Record<string, string>> = {
  readOnly: "leave the property out, and set additionalProperties: false",
  contentEncoding: "write a pattern",
  contentMediaType: "write a pattern",
  contentSchema: "write a pattern",
  unevaluatedItems: "write prefixItems, and items: false",
  discriminator: "write oneOf, with a const for each",
  nullable: 'write type: [TYPE, "null"]',
  dependencies: "write dependentRequired or dependentSchemas",
  additionalItems: "write prefixItems and items",
  $dynamicRef: "write $ref",
  $dynamicAnchor: "write $anchor",
  $recursiveRef: "write $ref",
  id: "write $id",
};

/** A schema nests no deeper than this. */
const MAX_SCHEMA_DEPTH = 64;

/** Why a schema holds what is not enforced, or undefined. @param at where it stands, as a JSON pointer */
export function problemOfKeywords(schema: unknown, at = "", depth = 0): string | undefined {
  if (depth > MAX_SCHEMA_DEPTH) return "it nests too deep";
  if (typeof schema === "boolean") return undefined;
  if (typeof schema !== "object" || schema === null || Array.isArray(schema))
    return `${at === "" ? "it" : at} is no schema`;
  // Ajv forgets what such an `if` evaluated, and lets properties pass that unevaluatedProperties should refuse.
  if (Object.hasOwn(schema, "if") && !Object.hasOwn(schema, "then"))
    return `${at}/if stands without then: write then: true`;
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
