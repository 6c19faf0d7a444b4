import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import { RE2JS } from "re2js";
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

/** Patterns of a schema in linear time: its values come from agents. */
const regExp = Object.assign(
  (source: string): { test(text: string): boolean } => {
    const compiled = RE2JS.compile(source);
    return { test: (text) => compiled.test(text) };
  },
  { code: 'require("re2js")' },
);

/**
 * Compiles a JSON Schema (draft 2020-12). References outside of the file are refused: nothing is fetched.
 * @param text the schema's file
 */
export function compileSchema(text: string): CompiledSchema | { readonly why: string } {
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
    ajv.addVocabulary(["example", "xml", "discriminator", "externalDocs"]);
    const schema = JSON.parse(text) as object;
    const validate = ajv.compile(schema);
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
