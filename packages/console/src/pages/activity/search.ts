import { readFilters, searchOf, type Search } from "./filters.ts";

/** What the page's address holds: filters as plain text, each left out when it is not set. */
export interface ActivitySearch {
  readonly principal?: string;
  readonly connection?: string;
  readonly operation?: string;
  readonly decision?: string;
  readonly text?: string;
  readonly request?: string;
  readonly grant?: string;
  readonly session?: string;
  /** Record types, separated by commas. */
  readonly type?: string;
  readonly from?: string;
  readonly to?: string;
  readonly record?: number;
  readonly log?: string;
}

/** Reads the page's address; what is no filter is left out. */
export function readSearch(search: Search): ActivitySearch {
  return searchOf(readFilters(search));
}
