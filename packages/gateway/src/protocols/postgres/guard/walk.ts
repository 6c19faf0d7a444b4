import type { Compiled } from "./compile.ts";
import type { Fields } from "./nodes.ts";
import type { Level, Range } from "./naming.ts";

/** The WITH queries that a name can mean, innermost first (PostgreSQL: scanNameSpaceForCTE). */
export interface Withs {
  readonly named: ReadonlyMap<string, Range>;
  readonly outer: Withs | undefined;
}

/** What a query returns: its columns in order; `complete` false: there are more, or some have names not known. */
export interface Output {
  readonly columns: readonly string[];
  readonly complete: boolean;
  /** Whether a place in `columns` is the place in the output; not so after `*`, where USING merges columns. */
  readonly positional: boolean;
}

/**
 * What the parts of the walk need of each other: the scope that is asked, and the two recursions. Every function of
 * the walk returns when the scope covers its node, and throws a Refusal when it does not.
 */
export interface Walk {
  readonly scope: Compiled;
  /** An expression at a level. */
  expression(node: unknown, level: Level, withs: Withs | undefined): void;
  /** Any statement that can stand inside another: select, insert, update, delete, merge. */
  query(node: unknown, outer: Level | undefined, withs: Withs | undefined): Output;
  /** A SELECT whose kind the grammar fixes. */
  select(fields: Fields, outer: Level | undefined, withs: Withs | undefined): Output;
}

/** An item of FROM made of a query's output. */
export function derived(name: string | undefined, output: Output, aliases: readonly string[]): Range {
  const range: Range = {
    name,
    kind: output.complete ? "closed" : "open",
    columns: output.columns,
    positional: output.positional,
  };
  return renamed(range, name, aliases);
}

/** The same item under an alias, whose column list renames from the first column on. */
export function renamed(range: Range, name: string | undefined, aliases: readonly string[]): Range {
  if (aliases.length === 0) return { ...range, name };
  const rest = range.positional === true ? range.columns.slice(aliases.length) : [];
  return {
    ...range,
    name,
    kind: range.positional === true ? range.kind : "open",
    columns: [...aliases, ...rest],
  };
}
