import { Document, isScalar, type ToStringOptions, visit } from "yaml";
import { hasInvisible, visibleLines } from "../kernel/invisible-characters.ts";

/** A character of a text in double quotes, as YAML 1.2 escapes it (section 5.7). */
function escapeOf(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? `\\U${hex.padStart(8, "0")}` : `\\u${hex.padStart(4, "0")}`;
}

/**
 * A value as YAML that a terminal acts on nowhere, whose every character is seen, and that reads as it is: a text with what is
 * not seen stands in double quotes, with escapes.
 * @param lists how a list of plain values is written: a line each, or within brackets
 */
export function yamlText(
  value: unknown,
  options: ToStringOptions,
  lists: "block" | "flow" = "block",
): string {
  const document = new Document(value);
  visit(document, {
    Seq(_, node) {
      if (lists === "flow" && node.items.every(isScalar)) node.flow = true;
    },
    Scalar(_, node) {
      if (typeof node.value === "string" && hasInvisible(node.value, "lines")) node.type = "QUOTE_DOUBLE";
    },
  });
  // The library escapes some control characters alone. All others stand within double quotes now.
  return visibleLines(document.toString(options), escapeOf);
}
