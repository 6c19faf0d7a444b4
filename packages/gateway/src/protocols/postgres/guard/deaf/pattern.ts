import type { Level } from "../names/naming.ts";
import { as, constant, list, names } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";
import { exactly, type Size } from "./size.ts";
import { sizeOf } from "./sizes.ts";

/** How much of a pattern of LIKE is looked for again at each place: of a written one the longest part behind a `%`. */
export function patternSize(node: unknown, level: Level, walk: Walk): Size {
  const call = as("FuncCall", node);
  const isEscaped = call !== undefined && names(call.funcname).at(-1) === "like_escape";
  const pattern = isEscaped ? list(call.args)[0] : node;
  const text = constant(pattern, walk.work);
  if (typeof text !== "string") return sizeOf(pattern, level, walk);
  const parts = isEscaped ? [text] : text.split(/(?<!\\)%/u).slice(1);
  return exactly(Math.max(0, ...parts.map((part) => Buffer.byteLength(part))));
}
