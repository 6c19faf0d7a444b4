import type { Changes } from "../structure/changes.ts";
import type { Compiled } from "../compile.ts";
import { renamedSizes, type Sizes } from "../deaf/size.ts";
import type { ColumnName, Level, Range } from "../names/naming.ts";
import type { Fields } from "./nodes.ts";
import type { Work } from "../work.ts";

/** The WITH queries that a name can mean, innermost first (PostgreSQL: scanNameSpaceForCTE). */
export interface Withs {
  readonly named: ReadonlyMap<string, Range>;
  readonly outer: Withs | undefined;
}

/**
 * What a query returns. `complete`: exactly these columns, in this order, a name that is not certain being undefined.
 * Otherwise it has those named, and may have others in any place.
 */
export interface Output {
  readonly columns: readonly ColumnName[];
  readonly complete: boolean;
  /** Columns that are rows of certain fields. */
  readonly rows?: ReadonlyMap<string, readonly string[]>;
  /** How long its values are; left out: they may be as long as any. */
  readonly sizes?: Sizes;
  /** Whether its rows are the catalogue's. */
  readonly isOfCatalogue?: boolean;
}

/**
 * What the parts of the walk need of each other: the scope that is asked, and the two recursions. Every function of
 * the walk returns when the scope covers its node, and throws a GuardDenied when it does not.
 */
export interface Walk {
  readonly scope: Compiled;
  /** What judging the text has cost so far. */
  readonly work: Work;
  /** Expressions beside which stand no others than such as have a type of their own. */
  readonly typed: WeakSet<object>;
  /** What has to be changed in the statement before it may go on. */
  readonly changes: Changes;
  /** What sub-selects in expressions return, by their node: it names the column that one makes. */
  readonly outputs: WeakMap<object, Output>;
  /** An expression at a level. */
  expression(node: unknown, level: Level, withs: Withs | undefined): void;
  /** An expression where nothing takes its type on. */
  directly(node: unknown, level: Level, withs: Withs | undefined): void;
  /** Any statement that can stand inside another: select, insert, update, delete, merge. */
  query(node: unknown, outer: Level | undefined, withs: Withs | undefined): Output;
  /** A SELECT whose kind the grammar fixes. */
  select(fields: Fields, outer: Level | undefined, withs: Withs | undefined): Output;
}

/** An item of FROM made of a query's output. */
export function derived(name: string | undefined, output: Output, aliases: readonly string[]): Range {
  const { rows, sizes } = output;
  const range: Range = {
    name,
    kind: output.complete ? "closed" : "open",
    columns: output.columns,
    ...(sizes === undefined ? {} : { sizes }),
    ...(rows === undefined || aliases.length > 0 ? {} : { rows }),
  };
  return renamed(range, name, aliases);
}

/** The same item under an alias, whose column list renames from the first column on. */
export function renamed(range: Range, name: string | undefined, aliases: readonly string[]): Range {
  if (aliases.length === 0) return { ...range, name };
  return { ...renamedColumns(range, name, aliases), ...sizesUnder(range, aliases) };
}

function sizesUnder({ sizes, kind, columns }: Range, aliases: readonly string[]): Pick<Range, "sizes"> {
  if (sizes === undefined) return {};
  return { sizes: renamedSizes(sizes, aliases, kind === "closed" ? columns : undefined) };
}

function renamedColumns(range: Range, name: string | undefined, aliases: readonly string[]): Range {
  // Of a row whose columns are not all known, any of them may be the one that loses its name.
  if (range.kind !== "closed") {
    const { arrays: _, ...rest } = range;
    return { ...rest, name, columns: aliases, isTold: false };
  }
  const { extras, ...rest } = range;
  const columns = [...aliases, ...range.columns.slice(aliases.length)];
  if (extras === undefined) return { ...rest, name, columns };
  if (aliases.length > range.columns.length) return { ...rest, name, kind: "open", columns: aliases };
  return { ...rest, extras, name, columns };
}
