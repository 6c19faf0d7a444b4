import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { parseStrictJson } from "../../kernel/strict-json.ts";
import { FORMATS } from "./schema-formats.ts";
import { FOREIGN_ANNOTATIONS, problemOfKeywords } from "./schema-keywords.ts";
import { isMultiple, keyOf } from "./schema-values.ts";
import { compilePattern } from "./schema-patterns.ts";
import { costOf, type SchemaCost } from "./schema-cost.ts";

/** A compiled JSON Schema: what is wrong with a value, or undefined. */
export type SchemaCheck = (value: unknown) => string | undefined;

/** A schema that was compiled. */
export interface CompiledSchema {
  readonly check: SchemaCheck;
  readonly cost: SchemaCost;
  /** As it was written, for whoever compiles it elsewhere. */
  readonly text: string;
}

/** The largest nesting of a schema's text. */
const MAX_TEXT_DEPTH = 128;

/** Patterns of a schema in linear time: its values come from agents. */
const regExp = Object.assign(
  (source: string): { test(text: string): boolean; toString(): string } => ({
    ...compilePattern(source),
    // Ajv keeps what it compiled under this name: two patterns of one name would be one pattern.
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
    // What an object inherits is none of its members: `required: [constructor]` would be met by everything.
    ownProperties: true,
    formats: FORMATS as never,
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
    // In time that grows with the items, not with their pairs.
    validate: (isWanted: boolean, value: readonly unknown[]) =>
      !isWanted || new Set(value.map(keyOf)).size === value.length,
    error: { message: "must NOT have duplicate items" },
  });
  return ajv;
}

/** The names that a schema and everything in it uses, where one of them cannot be enforced. */
function holdsPrototype(value: unknown): boolean {
  if (Array.isArray(value)) return value.some((each) => each === "__proto__" || holdsPrototype(each));
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, each]) => name === "__proto__" || holdsPrototype(each));
}

/**
 * Compiles a JSON Schema (draft 2020-12). References outside of the file are refused, since nothing is fetched, and so is
 * every keyword and format that is not enforced.
 * @param text the schema's file
 */
export function compileSchema(text: string): CompiledSchema | { readonly why: string } {
  try {
    const schema = parseStrictJson(text, MAX_TEXT_DEPTH);
    if (holdsPrototype(schema)) return { why: "__proto__ cannot be enforced" };
    const problem = problemOfKeywords(schema);
    if (problem !== undefined) return { why: problem };
    const validate = createAjv().compile(schema as object);
    return {
      text,
      cost: costOf(schema),
      check(value) {
        const valid: unknown = validate(value);
        return valid === true ? undefined : say(validate.errors?.[0]);
      },
    };
  } catch (error) {
    return { why: error instanceof Error ? error.message.slice(0, 300) : "it is no JSON Schema" };
  }
}

/** One problem in words; names the place and the rule, never the value. */
function say(error: ErrorObject | undefined): string {
  if (error === undefined) return "does not match its schema";
  // Names are the sender's: as long as the body, if they like.
  const where = error.instancePath === "" ? "the body" : error.instancePath.slice(0, 128);
  const extra =
    error.keyword === "additionalProperties"
      ? `: ${String(error.params["additionalProperty"]).slice(0, 64)}`
      : "";
  return `${where} ${error.message ?? `breaks ${error.keyword}`}${extra}`;
}
