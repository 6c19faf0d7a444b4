import { parse } from "yaml";
import { messageOf } from "../../kernel/errors.ts";

/** The largest document that is read, characters. */
const MAX_CHARACTERS = 50 * 1024 * 1024;

/**
 * Reads an OpenAPI 3 document, JSON or YAML. Aliases are refused: one within itself has no end.
 * @returns the document, not looked at further, or why it is none
 */
export function readOpenApiText(text: string): { readonly document: object } | { readonly why: string } {
  if (text.length > MAX_CHARACTERS) return { why: "it is larger than 50 MiB" };
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 0 });
  } catch (error) {
    const why = messageOf(error).split("\n")[0] ?? "";
    return {
      why: /alias/iu.test(why) ? "it has aliases: write $ref instead" : `it is neither JSON nor YAML: ${why}`,
    };
  }
  const isOurs =
    typeof value === "object" &&
    value !== null &&
    "openapi" in value &&
    typeof value.openapi === "string" &&
    value.openapi.startsWith("3.");
  return isOurs ? { document: value as object } : { why: "it does not begin with openapi: 3" };
}
