import { refuse, refuseMistake } from "../denied.ts";
import type { Level } from "../names/naming.ts";
import { as, constant } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";
import { PASSED_PATH } from "./list.ts";
import { sizeOf } from "./sizes.ts";

/** A comparison of SQL/JSON's, and what may stand on one side of it: a text, a number, a word, or a variable. */
const comparison = /==|!=|<>|<=|>=|<|>/gu;
const value = String.raw`(?:[+-]?\d[\w.]*|true|false|null|\$\w+|"")(?![\w.[(])`;
const valueBefore = new RegExp(String.raw`(?:^|[\s(&|!?,])${value}\s*$`, "u");
const valueBehind = new RegExp(String.raw`^\s*${value}\s*(?:$|[)&|])`, "u");
/** How long one comparison takes of a document's members with those of the variables, nanoseconds (jsonpath_exec.c). */
const VARIABLE_NS = 10;

/**
 * Whether a path of SQL/JSON compares what one path gives with what another gives: PostgreSQL compares every value of one
 * array with every value of the other, without looking for an interrupt (jsonpath_exec.c, executePredicate).
 */
export function comparesPaths(path: string): boolean {
  const bare = path.replaceAll(/"(?:[^"\\]|\\.)*"/gsu, '""').replaceAll(/\/\*.*?\*\//gsu, " ");
  return [...bare.matchAll(comparison)].some(({ index, 0: operator }) => {
    const before = bare.slice(0, index);
    const behind = bare.slice(index + operator.length);
    return !valueBefore.test(before) && !valueBehind.test(behind);
  });
}

/** A path of SQL/JSON. @throws GuardDenied where nothing could end it */
export function checkJsonPath(node: unknown, walk: Walk): void {
  const bare = as("TypeCast", node)?.arg ?? node;
  const written = constant(bare, walk.work);
  if (written === null) return;
  const number = as("ParamRef", bare)?.number;
  if (typeof number === "number") return walk.changes.compared.bound(number, PASSED_PATH);
  if (written === undefined)
    return refuseMistake(
      "limits",
      "a path of SQL/JSON has to be written in the statement, or passed for a parameter",
      `write it as a constant, and pass what it compares with as a variable: jsonb_path_query(data, '$.items[*] ? (@.price > $least)', jsonb_build_object('least', 5))`,
    );
  if (!comparesPaths(written)) return;
  refuse(
    "limits",
    "nothing could end this path before it is done: it may compare every value of one array with every value of another",
    "compare with a value or a variable on one side: '$.items[*] ? (@.price > 5)'; compare two members in WHERE: data->>'a' = data->>'b'",
  );
}

/** A call that follows such a path: the second argument is it, the third has its variables. */
export function checkJsonPathCall(
  name: string,
  [document, path, variables]: readonly unknown[],
  level: Level,
  walk: Walk,
): void {
  if (!name.startsWith("jsonb_path_") || path === undefined) return;
  checkJsonPath(path, walk);
  if (variables === undefined) return;
  walk.changes.compared.add({
    what: name,
    of: "members",
    ns: VARIABLE_NS,
    one: sizeOf(document, level, walk),
    other: sizeOf(variables, level, walk),
    remedy: "bound its variables: jsonb_build_object('least', left(…, 100))",
  });
}

/**
 * What stands behind `@?` and `@@`. The second takes queries of text search too, which are never written with `$`.
 * @throws GuardDenied where nothing could end it
 */
export function checkJsonPathOperand(operator: string, node: unknown, walk: Walk): void {
  const cast = as("TypeCast", node);
  const isPath = JSON.stringify(cast?.typeName ?? "").includes('"jsonpath"');
  if (operator === "@?" || isPath) return checkJsonPath(node, walk);
  const written = constant(node, walk.work);
  if (typeof written === "string" && /[$@]/u.test(written)) checkJsonPath(node, walk);
  if (typeof written !== "string" && as("ParamRef", node) === undefined && namesPaths(walk.changes.statement))
    return checkJsonPath(node, walk);
  // A query of text search, or a path: of the latter, one that compares with values.
  if (as("ParamRef", node) !== undefined) checkJsonPath(node, walk);
}

const withPaths = new WeakMap<object, boolean>();

/** Whether a statement makes paths of SQL/JSON by a cast: then what stands behind `@@` may be one. */
function namesPaths(statement: unknown): boolean {
  if (typeof statement !== "object" || statement === null) return false;
  const names = withPaths.get(statement) ?? JSON.stringify(statement).includes('"jsonpath"');
  withPaths.set(statement, names);
  return names;
}
