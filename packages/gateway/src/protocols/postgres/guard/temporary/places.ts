import type { Changes } from "../structure/changes.ts";
import { placeOf } from "../structure/changes.ts";
import type { Splice } from "../structure/splices.ts";
import type { Token } from "../structure/tokens.ts";
import { kindOf } from "../syntax/nodes.ts";
import { TEMPORARY_SCHEMA } from "../search-path.ts";

/** The members of a table's name in a parse tree, with the schema of temporary tables before it. */
export function inTemporarySchema(node: object): unknown {
  const schema = { String: { sval: TEMPORARY_SCHEMA } };
  if ("items" in node && Array.isArray(node.items)) return { ...node, items: [schema, ...node.items] };
  return { ...node, schemaname: TEMPORARY_SCHEMA };
}

const BEFORE_NAME = `${TEMPORARY_SCHEMA}.`;

/** Puts the schema before a name that begins there. */
export function schemaBefore(start: number): Splice {
  return { start, end: start, parts: [BEFORE_NAME] };
}

export function isSchemaOfName({ parts }: Splice): boolean {
  return parts.length === 1 && parts[0] === BEFORE_NAME;
}

/** An error's message about such a table, which has no schema in the client's own text. */
export function withoutSchema(message: string): string {
  return message.replace(/^(relation ")pg_temp\.(.+" does not exist)$/su, "$1$2");
}

/**
 * Where in a text the names of temporary tables begin that have no schema yet, in bytes. A proposal: what is made of it
 * is parsed again. The tree has no places for the names of DROP: they are counted off in the text.
 */
export function temporaryPlaces(
  statements: readonly unknown[],
  changes: readonly Changes[],
  tokens: readonly Token[],
): readonly number[] {
  const dropped = statements.flatMap((statement) => droppedNames(statement));
  const places = new Map<object, number>();
  if (dropped.length > 0)
    for (const [index, place] of droppedPlaces(tokens).entries()) {
      const name = dropped[index];
      if (name !== undefined) places.set(name, place);
    }
  return changes.flatMap(({ temporary }) => [...temporary].map((node) => places.get(node) ?? placeOf(node)));
}

/** The names of a DROP TABLE, each the members of its list. */
function droppedNames(statement: unknown): readonly object[] {
  if (kindOf(statement) !== "DropStmt") return [];
  const { DropStmt: drop } = statement as {
    readonly DropStmt: { readonly objects?: readonly { readonly List?: object }[] };
  };
  return (drop.objects ?? []).flatMap(({ List: list }) => (list === undefined ? [] : [list]));
}

/** Where the names behind each `DROP TABLE [IF EXISTS]` begin. */
function droppedPlaces(all: readonly Token[]): readonly number[] {
  const tokens = all.filter(({ tokenType }) => !COMMENTS.has(tokenType));
  const word = (index: number): string => tokens[index]?.text.toLowerCase() ?? "";
  const places: number[] = [];
  for (let index = 0; index < tokens.length; index += 1) {
    if (word(index) !== "drop" || word(index + 1) !== "table") continue;
    let at = index + 2;
    if (word(at) === "if" && word(at + 1) === "exists") at += 2;
    for (;;) {
      const name = tokens[at];
      if (name === undefined) break;
      places.push(name.start);
      at += 1;
      while (word(at) === "." && tokens[at + 1] !== undefined) at += 2;
      if (word(at) !== ",") break;
      at += 1;
    }
  }
  return places;
}

const COMMENTS: ReadonlySet<number> = new Set([275, 276]);
