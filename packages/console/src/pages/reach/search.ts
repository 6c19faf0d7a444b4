import type { ReachFilters } from "./matrix.ts";

/** What the page's address holds. */
export interface ReachSearch extends ReachFilters {
  /** `connection/operation` that is opened. */
  readonly open?: string;
}

const MAX_SEARCH_CHARACTERS = 200;

/** Reads the page's address; what is no filter is left out. */
export function readSearch(search: Readonly<Record<string, unknown>>): ReachSearch {
  const { risk, show } = search;
  return {
    ...word("text", search),
    ...word("connection", search),
    ...word("group", search),
    ...word("open", search),
    ...(risk === "low" || risk === "medium" || risk === "high" ? { risk } : {}),
    ...(show === "nobody" || show === "unused" || show === "open" || show === "break_glass" ? { show } : {}),
  };
}

function word<Name extends string>(
  name: Name,
  search: Readonly<Record<string, unknown>>,
): { readonly [name in Name]?: string } {
  const value = search[name];
  const text =
    typeof value === "string" || typeof value === "number"
      ? String(value).slice(0, MAX_SEARCH_CHARACTERS)
      : "";
  return text.trim() === "" ? {} : ({ [name]: text } as { readonly [name in Name]?: string });
}
