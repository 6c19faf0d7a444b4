import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { parseStrictJson } from "../../../kernel/strict-json.ts";
import { caseVariantIn, listedNames } from "./case-variants.ts";
import { FORMATS } from "./formats.ts";
import { FOREIGN_ANNOTATIONS, problemOfKeywords } from "./keywords.ts";
import { problemOfReferences } from "./reference-rules.ts";
import { isMultiple, keyOf } from "./values.ts";
import { compilePattern } from "./patterns.ts";
import { costOf, type SchemaCost } from "./cost.ts";

/** A compiled JSON Schema: returns what is wrong with a value, or undefined. */
export type SchemaCheck = (value: unknown) => string | undefined;

/** The result of compiling a schema. */
export interface CompiledSchema {
  readonly check: SchemaCheck;
  readonly cost: SchemaCost;
  /** The schema's text, for workers that compile it again. */
  readonly text: string;
}

/** Maximum nesting of a schema's text. */
const MAX_TEXT_DEPTH = 128;

/** Matches patterns in linear time, because the values come from agents. */
const regExp = Object.assign(
  (source: string): { test(text: string): boolean; toString(): string } => ({
    ...compilePattern(source),
    // Ajv caches patterns under this name: two patterns with one name would become one pattern.
    toString: () => `/${source}/u`,
  }),
  { code: 'require("re2js")' },
);

function createAjv(): Ajv2020 {
  const ajv = new Ajv2020({
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    allErrors: false,
    // Inherited properties are not members: otherwise every object would meet `required: [constructor]`.
    ownProperties: true,
    formats: FORMATS,
    code: { regExp },
    logger: false,
  });
  ajv.addVocabulary(["$anchor", ...FOREIGN_ANNOTATIONS]);
  for (const own of ["multipleOf", "const", "enum", "uniqueItems"]) ajv.removeKeyword(own);
  ajv.addKeyword({
    keyword: "multipleOf",
    type: "number",
    schemaType: "number",
    validate: (of: number, value: number) => isMultiple(value, of),
    error: { message: ({ schema }) => `must be multiple of ${String(schema)}` },
  });
  ajv.addKeyword({
    keyword: "const",
    compile(wanted: unknown) {
      const key = keyOf(wanted);
      return (value: unknown) => keyOf(value) === key;
    },
    error: { message: "must be equal to constant" },
  });
  ajv.addKeyword({
    keyword: "enum",
    schemaType: "array",
    compile(wanted: readonly unknown[]) {
      const keys = new Set(wanted.map(keyOf));
      return (value: unknown) => keys.has(keyOf(value));
    },
    error: { message: "must be equal to one of the allowed values" },
  });
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    // In time that grows with the number of items, not of their pairs.
    validate: (isWanted: boolean, value: readonly unknown[]) =>
      !isWanted || new Set(value.map(keyOf)).size === value.length,
    error: { message: "must NOT have duplicate items" },
  });
  return ajv;
}

/** Whether a schema names `__proto__` anywhere, which cannot be enforced. */
function holdsPrototype(value: unknown): boolean {
  if (Array.isArray(value)) return value.some((each) => each === "__proto__" || holdsPrototype(each));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, each]) => name === "__proto__" || holdsPrototype(each));
}

/**
 * Compiles a JSON Schema (draft 2020-12). References to other files are refused, because nothing is fetched; so is every
 * keyword and format that is not enforced.
 * @param text the schema's file
 */
export function compileSchema(text: string): CompiledSchema | { readonly why: string } {
  try {
    const schema = parseStrictJson(text, MAX_TEXT_DEPTH);
    if (holdsPrototype(schema)) return { why: "__proto__ cannot be enforced" };
    const problem = problemOfKeywords(schema) ?? problemOfReferences(schema);
    if (problem !== undefined) return { why: problem };
    const validate = createAjv().compile(schema as object);
    const names = listedNames(schema);
    return {
      text,
      cost: costOf(schema),
      check(value) {
        const valid: unknown = validate(value);
        if (valid !== true) return say(validate.errors?.[0]);
        const listed = caseVariantIn(value, names);
        return listed === undefined
          ? undefined
          : `the body names ${listed.slice(0, 64)} in another case than its schema`;
      },
    };
  } catch (error) {
    return { why: error instanceof Error ? error.message.slice(0, 300) : "it is no JSON Schema" };
  }
}

/** One problem in words; names the place and the rule, never the value. */
function say(error: ErrorObject | undefined): string {
  if (error === undefined) return "does not match its schema";
  // The sender chooses the names, which may be as long as the body.
  const where = error.instancePath === "" ? "the body" : error.instancePath.slice(0, 128);
  const extra =
    error.keyword === "additionalProperties"
      ? `: ${String(error.params["additionalProperty"]).slice(0, 64)}`
      : "";
  return `${where} ${error.message ?? `breaks ${error.keyword}`}${extra}`;
}
