import type { PolicyEntry } from "../../kernel/policy-entry.ts";
import type { Finding } from "./finding.ts";
import { compareRanks } from "./outranked.ts";
import { compareForbids, compareWays, waysOf } from "./ways.ts";

/**
 * What a change of the policies about one operation comes to.
 * @param before in the order of the file
 */
export function comparePolicies(
  on: string,
  before: readonly PolicyEntry[],
  after: readonly PolicyEntry[],
): readonly Finding[] {
  return [
    ...compareWays(on, waysOf(before), waysOf(after)),
    ...compareRanks(on, before, after),
    ...compareForbids(on, before, after),
  ];
}
