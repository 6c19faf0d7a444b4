import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { RE2JS } from "re2js";
import { problemOfKeywords } from "./schema-keywords.ts";

/** A compiled JSON Schema: what is wrong with a value, or undefined. */
export type SchemaCheck = (value: unknown) => string | undefined;

/** Patterns of a schema in linear time: its values come from agents. */
const regExp = Object.assign(
  (source: string): { test(text: string): boolean; toString(): string } => {
    const compiled = RE2JS.compile(source);
    // Ajv keeps one expression for each text that it reads as: without it all patterns would be the first one.
    return { test: (text) => compiled.test(text), toString: () => source };
  },
  { code: 'require("re2js")' },
);

/** Keywords of OpenAPI's schemas that refuse nothing (OpenAPI 3.1, "Schema Object"). */
export const annotations: readonly string[] = ["example", "xml", "discriminator", "externalDocs"];

/** Every keyword that the validator has heard of, whether a schema may have it or not. */
export function knownKeywords(): readonly string[] {
  return [...Object.keys(new Ajv2020().RULES.keywords), ...annotations];
}

/**
 * Compiles a JSON Schema (draft 2020-12). References outside of the file are refused: nothing is fetched.
 * @param text the schema's file
 */
export function compileSchema(text: string): { readonly check: SchemaCheck } | { readonly why: string } {
  try {
    const ajv = new Ajv2020({
      strict: true,
      strictRequired: false,
      allErrors: false,
      // JSON Schema 2020-12, section 7.2.1: a format is an annotation.
      validateFormats: false,
      code: { regExp },
      logger: false,
    });
    ajv.addVocabulary([...annotations]);
    const schema = JSON.parse(text) as object;
    const problem = problemOfKeywords(schema);
    if (problem !== undefined) return { why: problem };
    const validate = ajv.compile(schema);
    return {
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
