import { refuse, refuseMistake } from "../denied.ts";
import type { Level } from "../names/naming.ts";
import { as, constant } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";
import { exactly } from "./size.ts";
import { sizeOf } from "./sizes.ts";

/** Steps alone, each of which goes through the document once; and what is asked of all that they give. */
const plainPath = /^[\w\s:.*@/()-]{1,1000}$/u;
const asked = /^\s*(?:count|string|number|boolean|sum|normalize-space)\(([^()]*(?:\(\)[^()]*)*)\)\s*$/u;
/** What may be asked of each node of a step: its place, an attribute, a child's text. */
const predicate =
  /\[\s*(?:\d+|last\(\)|position\(\)\s*[<>=]+\s*\d+|@?[\w:-]+(?:\s*=\s*(?:'[^']*'|"[^"]*"|\d+))?)\s*\]/gu;
/** What gives texts and attributes alone, and no nodes that have others in them. */
const endsInText = /(?:text\(\)|@[\w:*-]+)\s*$/u;

/**
 * A path of XPath, which libxml2 follows without looking for an interrupt (xml.c, xpath_internal).
 * @throws GuardDenied where it is more than plain steps
 */
export function checkPath(node: unknown, walk: Walk): void {
  const written = constant(as("TypeCast", node)?.arg ?? node, walk.work);
  if (written === null) return;
  if (written === undefined)
    return refuseMistake(
      "limits",
      "an XPath has to be written in the statement",
      "write it as a constant: '/order/item/text()'",
    );
  const steps = (asked.exec(written)?.[1] ?? written).replaceAll(predicate, "");
  const isPlain =
    plainPath.test(steps) && steps.split("//").length <= 2 && !/\.\.|::|\(\s*[^)\s]|\)\s*\S/u.test(steps);
  if (isPlain) return;
  refuse(
    "limits",
    "nothing could end this XPath before it is done",
    "write one path of plain steps, with // once at most: '//item/price/text()'; choose by [1], [@id=5] or [last()], or among what it gives with WHERE",
  );
}

/** How deep elements stand in one another (libxml2, XML_PARSER_MAX_DEPTH), and how long it takes to write one out, nanoseconds a character. */
const MAX_DEPTH = 256;
const WRITTEN_NS = 12;

/** A call that follows a path. @throws GuardDenied where nothing could end it */
export function checkPathCall(name: string, args: readonly unknown[], level: Level, walk: Walk): void {
  if (name !== "xpath" && name !== "xpath_exists" && name !== "xmlexists") return;
  const [path, document] = args;
  checkPath(path, walk);
  // Each node that it gives is written out, with all that stands in it: of nodes in one another, again and again.
  const written = constant(as("TypeCast", path)?.arg ?? path, walk.work) ?? "";
  const isNested = written.includes("//") && !endsInText.test(written) && !asked.test(written);
  if (name !== "xpath" || !isNested || document === undefined) return;
  walk.changes.compared.add({
    what: "xpath with // that gives nodes, which may stand in one another,",
    of: "characters",
    ns: WRITTEN_NS,
    one: sizeOf(document, level, walk),
    other: exactly(MAX_DEPTH),
    remedy:
      "write the whole path, '/order/item', end it in text() or an attribute, '//item/text()', or take XMLTABLE",
  });
}
