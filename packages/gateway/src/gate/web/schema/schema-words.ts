import { digestOf, type Json } from "../../../kernel/canonical.ts";

/**
 * A JSON Schema as what an act must meet, by its whole digest, so that no other schema passes for it: no words for one that
 * takes everything.
 * @param text the schema, which compiles
 */
export function schemaInWords(text: string): readonly string[] {
  const schema = JSON.parse(text) as Json;
  const digest = digestOf(schema);
  return digest === digestOf({}) ? [] : [`the schema ${digest}`];
}
