import { functions, outputColumns } from "../expressions/builtin.ts";
import { foundColumns } from "../found/results.ts";
import { has, itemNamed, type Level, levels, unqualified } from "../names/naming.ts";
import { as, kindOf, list, names, one, open } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";

/** Functions whose result can be a row of any table, so that its columns are not known. */
const polymorphic: ReadonlySet<string> = new Set([
  "unnest",
  "json_populate_record",
  "json_populate_recordset",
  "jsonb_populate_record",
  "jsonb_populate_recordset",
  // The ends of a range, which may be one of rows.
  "lower",
  "upper",
]);

/** Names of a function's output columns; empty: not known. */
export function columnsOf(
  expression: unknown,
  alias: string | undefined,
  level: Level,
  walk: Walk,
): readonly string[] {
  const call = as("FuncCall", expression);
  if (call === undefined) return [];
  const parts = names(call.funcname);
  const name = parts.at(-1) ?? "";
  const ours = parts.length === 1 || parts[0] === "pg_catalog";
  const told = foundColumns(parts, walk.scope);
  if (told !== undefined) return told[0] === "" ? [alias ?? name] : told;
  if (!ours || walk.scope.functions.has(`${walk.scope.searchPath[0] ?? ""}.${name}`)) return [];
  const several = outputColumns.get(name);
  if (several !== undefined) return several;
  if (!functions.has(name)) return [];
  const args = list(call.args);
  const isCertain = plainly.get(name);
  if (
    polymorphic.has(name) &&
    !(isCertain !== undefined && args.every((each) => isCertain(each, level, walk)))
  )
    return [];
  // Of several arrays PostgreSQL makes ROWS FROM (unnest(a), unnest(b)), whose columns no alias names.
  if (name === "unnest" && args.length > 1) return args.map(() => name);
  return [alias ?? name];
}

/** Of some of them: whether an argument makes certain that the result is no row. */
const plainly: ReadonlyMap<string, (argument: unknown, level: Level, walk: Walk) => boolean> = new Map([
  ["unnest", isPlainArray],
  ["lower", isPlain],
  ["upper", isPlain],
]);

/** Whether no type but PostgreSQL's own can be cast to. */
const hasPlainTypes = ({ scope: { types, extensions } }: Walk): boolean =>
  types.size === 0 && extensions.types.full.size === 0;

function isPlain(argument: unknown, _: Level, walk: Walk): boolean {
  const kind = kindOf(argument);
  return kind === "A_Const" || (kind === "TypeCast" && hasPlainTypes(walk));
}

/** Functions that give an array of texts. */
const giveTexts: ReadonlySet<string> = new Set(["regexp_split_to_array", "string_to_array"]);

/** Whether an array is made of values that are no rows, for certain. */
function isPlainArray(argument: unknown, level: Level, walk: Walk): boolean {
  const { kind, fields } = one(argument);
  switch (kind) {
    case "TypeCast":
      // Not so without brackets: unnest of a tsvector returns rows of three columns.
      return hasPlainTypes(walk) && list(open("TypeName", fields.typeName).arrayBounds).length > 0;
    case "A_ArrayExpr":
      return list(fields.elements).every((element) => kindOf(element) === "A_Const");
    case "ColumnRef":
      return isPlainArrayColumn(list(fields.fields), level, walk);
    case "FuncCall":
      return isTexts(names(fields.funcname), walk);
    case "CoalesceExpr": {
      // A text beside an array becomes one of that type.
      const values = list(fields.args).filter((each) => kindOf(each) !== "A_Const");
      return values.length > 0 && values.every((each) => isPlainArray(each, level, walk));
    }
    default:
      return false;
  }
}

function isTexts(parts: readonly string[], { scope }: Walk): boolean {
  const name = parts.at(-1) ?? "";
  const isOurs = parts.length === 1 ? !scope.functionNames.has(name) : parts[0] === "pg_catalog";
  return isOurs && giveTexts.has(name);
}

/** Whether a reference means a column that was such an array when the session started. */
function isPlainArrayColumn(parts: readonly unknown[], level: Level, { work }: Walk): boolean {
  if (parts.some((part) => kindOf(part) !== "String")) return false;
  const [first = "", second, third] = names(parts);
  if (second !== undefined) {
    const item =
      third === undefined ? itemNamed(undefined, first, level, work) : itemNamed(first, second, level, work);
    return item.arrays?.has(third ?? second) === true;
  }
  for (const at of levels(level, work)) {
    const ranges = unqualified(at);
    const found = ranges.map((range) => has(range, first, work));
    if (found.includes("yes"))
      return ranges.every((range, index) => found[index] !== "yes" || range.arrays?.has(first) === true);
    // One that may have such a column hides those of the levels around it, and its own may be of rows.
    if (found.some((each) => each !== "no")) return false;
  }
  return false;
}
