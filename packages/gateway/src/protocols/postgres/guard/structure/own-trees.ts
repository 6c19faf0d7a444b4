import { boundedMap } from "../../../../kernel/bounded-map.ts";
import type { Token } from "./tokens.ts";

/** The grammar, as far as it is needed here. */
export interface Grammar {
  /** One parse tree a statement. @throws GuardDenied when the text does not parse */
  parse(sql: string): readonly unknown[];
  scan(sql: string): readonly Token[];
}

/** Trees of the gateway's own words, by those: nothing changes them, and there are few. */
const trees = boundedMap<unknown>(2000, 1_000_000);

export function treeOf(sql: string, grammar: Grammar): unknown {
  const known = trees.get(sql);
  if (known !== undefined) return known;
  const [tree] = grammar.parse(sql);
  trees.set(sql, tree, sql.length);
  return tree;
}
