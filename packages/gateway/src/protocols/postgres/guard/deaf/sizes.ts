import { has, type Level, levels, type Range, unqualified } from "../names/naming.ts";
import { outputName } from "../names/output-names.ts";
import { as, constant, type Fields, kindOf, list, names, one, open, split, text } from "../syntax/nodes.ts";
import type { Walk } from "../syntax/walk.ts";
import { callSize, integerOf, MAX_EXPONENT } from "./call-sizes.ts";
import { CATALOGUE_ROWS, isOfCatalogue } from "./table-sizes.ts";
import {
  cut,
  digitsBeyond,
  exactly,
  LONGEST_NUMBER,
  longer,
  MADE,
  made,
  oneOf,
  passed,
  remembered,
  short,
  type Size,
  type Sizes,
  together,
} from "./size.ts";

/** What stands between the members of an array, of jsonb, a shape or a query. */
const between = /\s*[,|&<]\s*|\s+/gu;

/** A literal's: its bytes are what is compared. */
function sizeOfWritten(text: string): Size {
  const most = Buffer.byteLength(text) + digitsBeyond(text);
  return exactly(most, Math.min(most + 1, [...text.matchAll(between)].length + 1));
}

/** How often more what is put together may be long, for its quotes: within one another they double, and `&quot;` is longer still. */
const QUOTED = 2;
const OF_XML = 6;
const OF_JSON = 6;

/**
 * How long a value is at most: of a text its characters, of any other value what it takes as text.
 * @param level the items that its names mean
 */
export function sizeOf(node: unknown, level: Level, walk: Walk, depth = 0): Size {
  if (depth > 200) return made;
  walk.work.spend(1);
  const literal = constant(node, walk.work);
  // Of `X'F'` each character is four bits; of `B'1'` one.
  if (as("A_Const", node)?.bsval !== undefined && literal?.startsWith("x") === true)
    return exactly(4 * literal.length);
  if (literal !== undefined) return literal === null ? exactly(0) : sizeOfWritten(literal);
  const next = (value: unknown): Size => sizeOf(value, level, walk, depth + 1);
  const all = (parts: unknown): Size => together(list(parts).map((part) => next(part)));
  const { kind, fields } = one(node);
  switch (kind) {
    case "BooleanTest":
    case "BoolExpr":
    case "GroupingFunc":
    case "MergeSupportFunc":
    case "NullTest":
    case "SetToDefault":
    case "SQLValueFunction":
      return short;
    case "ParamRef":
      return passed(typeof fields.number === "number" ? fields.number : 0);
    case "ColumnRef":
      return columnSize(list(fields.fields), level, walk);
    case "TypeCast":
      return castSize(fields, next(fields.arg), walk);
    case "A_Indirection":
    case "CollateClause":
    case "NamedArgExpr":
      return next(fields.arg);
    case "A_ArrayExpr":
      return arrayOf(list(fields.elements).map((each) => next(each)));
    case "RowExpr":
      return longer(all(fields.args), QUOTED);
    case "CoalesceExpr":
    case "MinMaxExpr":
      return oneOf(list(fields.args).map((each) => next(each)));
    case "CaseExpr":
      return oneOf(
        [...list(fields.args).map((when) => as("CaseWhen", when)?.result), fields.defresult]
          .filter((result) => result !== undefined)
          .map((result) => next(result)),
      );
    case "A_Expr":
      return names(fields.name).at(-1) === "^"
        ? exactly(LONGEST_NUMBER, 1)
        : together(
            [fields.lexpr, fields.rexpr].filter((side) => side !== undefined).map((side) => next(side)),
          );
    case "List":
      return all(fields.items);
    case "FuncCall":
      return callSize(fields, next, walk, isOfCatalogue(level) ? CATALOGUE_ROWS : undefined);
    case "SubLink":
      return subSelectSize(fields, walk);
    case "XmlSerialize":
      return next(fields.expr);
    case "XmlExpr":
      return longer(together([all(fields.args), all(fields.named_args)]), OF_XML);
    case "ResTarget":
      return next(fields.val);
    case "JsonArrayConstructor":
    case "JsonObjectConstructor":
      return longer(all(fields.exprs), OF_JSON);
    case "JsonKeyValue":
      return together([next(fields.key), next(fields.value)]);
    case "JsonValueExpr":
      return next(fields.raw_expr);
    default:
      return made;
  }
}

/** How many members of an array a value is: one, unless it is an array itself. */
const membersIn = ({ isArray, members }: Size): number => (isArray === "no" ? 1 : members);

function arrayOf(elements: readonly Size[]): Size {
  const members = elements.reduce((sum, each) => sum + membersIn(each), 0);
  return { ...longer(together(elements), QUOTED), members, isArray: "yes" };
}

/** One value of a query's, or an array of so many. */
function subSelectSize(fields: Fields, walk: Walk): Size {
  const { subLinkType } = fields;
  const output = walk.outputs.get(fields);
  const value = output?.sizes?.(output.columns[0]) ?? made;
  // Of ANY and ALL it is the other side, row by row.
  if (subLinkType === "EXPR_SUBLINK" || subLinkType === "ANY_SUBLINK" || subLinkType === "ALL_SUBLINK")
    return value;
  if (subLinkType !== "ARRAY_SUBLINK") return short;
  const select = as("SelectStmt", fields.subselect);
  const withTies = select?.limitOption === "LIMIT_OPTION_WITH_TIES";
  const written = withTies ? undefined : integerOf(select?.limitCount, walk);
  const rows = written ?? (output?.isOfCatalogue === true ? CATALOGUE_ROWS : undefined);
  return rows === undefined ? made : { ...longer(arrayOf([value]), rows), members: membersIn(value) * rows };
}

/** Types whose modifier is the length of every value, or of the longest one; and types whose values are short. */
const exact: ReadonlySet<string> = new Set(["bit", "bpchar"]);
const longest: ReadonlySet<string> = new Set(["varbit", "varchar"]);
const shortTypes: ReadonlySet<string> = new Set(
  "bool int2 int4 int8 float4 float8 date time timetz timestamp timestamptz interval uuid inet cidr macaddr name point".split(
    " ",
  ),
);

function castSize({ typeName }: Fields, size: Size, walk: Walk): Size {
  const type = open("TypeName", typeName);
  const { schema, name } = split(names(type.names));
  if (list(type.arrayBounds).length > 0 || name.startsWith("_")) {
    // A modifier may fill each member with blanks or zeros.
    const isFilled = list(type.typmods).length > 0;
    return { ...size, ...(isFilled ? { characters: MADE.characters } : {}), isArray: "yes" };
  }
  if (schema !== undefined && schema !== "pg_catalog") return size;
  return { ...ofType(name, list(type.typmods), size, walk), isArray: "no" };
}

function ofType(name: string, modifiers: readonly unknown[], size: Size, walk: Walk): Size {
  if (shortTypes.has(name)) return exactly(64, 1);
  const length = integerOf(modifiers[0], walk);
  if (name === "numeric") {
    // A number of a short type may have that many digits, or as many as are asked for behind its point.
    const digits = length === undefined ? MAX_EXPONENT : Math.abs(integerOf(modifiers[1], walk) ?? 0);
    return { ...size, characters: size.characters + digits };
  }
  if (length !== undefined && exact.has(name)) return exactly(length);
  return length !== undefined && longest.has(name) ? cut(size, length) : size;
}

const sizesOf = ({ sizes }: Range, column: string | undefined): Size => sizes?.(column) ?? made;

/** A column's, as the names of the items around it may mean it: of several that it may be the longest. */
function columnSize(parts: readonly unknown[], level: Level, walk: Walk): Size {
  const path = parts.filter((part) => kindOf(part) === "String");
  const [column = "", qualifier] = names(path).toReversed();
  const found: Size[] = [];
  for (const { ranges } of levels(level, walk.work)) {
    const item = ranges.find(({ name }) => name === (qualifier ?? column));
    if (item !== undefined && qualifier !== undefined)
      return sizesOf(item, path.length === parts.length ? column : undefined);
    const having = unqualified({ ranges, outer: undefined }).filter(
      (range) => has(range, column, walk.work) !== "no",
    );
    for (const range of having) found.push(sizesOf(range, column));
    // A name without an item may be an item's, and mean its whole row.
    if (item !== undefined) found.push(longer(sizesOf(item, undefined), QUOTED));
    if (having.some((range) => has(range, column, walk.work) === "yes")) break;
  }
  // A field of a column: `(t.address).city`, or a name that the guard does not know.
  return found.length === 0 ? made : oneOf(found);
}

/** What an output list gives. */
export function sizesOfTargets(targets: unknown, level: Level, walk: Walk): Sizes {
  const all = list(targets).map((target) => as("ResTarget", target) ?? {});
  return remembered((column) => {
    const found = all.flatMap(({ name, val }) => {
      const last = list(as("ColumnRef", val)?.fields).at(-1);
      if (kindOf(last) === "A_Star") return unqualified(level).map((range) => sizesOf(range, column));
      const own = text(name) === "" ? outputName(val, walk.outputs) : text(name);
      const isOther = column !== undefined && own !== undefined && own !== column;
      return isOther ? [] : [sizeOf(val, level, walk)];
    });
    // Its place alone may have given it that name.
    return found.length === 0 && column !== undefined ? worst(all, level, walk) : oneOf(found);
  });
}

function worst(all: readonly Fields[], level: Level, walk: Walk): Size {
  return sizesOfTargets(
    all.map((target) => ({ ResTarget: target })),
    level,
    walk,
  )(undefined);
}

/** What the rows of VALUES give, by their places. @param rows of one width each */
export function sizesOfValues(
  rows: readonly (readonly unknown[])[],
  columns: readonly string[],
  level: Level,
  walk: Walk,
): Sizes {
  return remembered((column) => {
    const place = column === undefined ? -1 : columns.indexOf(column);
    const items = rows.flatMap((row) => (place < 0 ? row : row.slice(place, place + 1)));
    return oneOf(items.map((item) => sizeOf(item, level, walk)));
  });
}
