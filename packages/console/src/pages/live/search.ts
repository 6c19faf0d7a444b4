/** Which grants are shown. */
export type LiveShow = "running" | "emergency" | "high" | "expiring" | "unused";
/** In which order. */
export type LiveSort = "ends" | "agent" | "connection" | "newest";

/** What the page's address holds. */
export interface LiveSearch {
  readonly text?: string;
  readonly show?: LiveShow;
  /** Left out: what matters most first. */
  readonly sort?: LiveSort;
  /** Whether grants that nobody uses are shown, too. */
  readonly unused?: true;
}

const MAX_SEARCH_CHARACTERS = 200;
const shows: readonly LiveShow[] = ["running", "emergency", "high", "expiring", "unused"];
const sorts: readonly LiveSort[] = ["ends", "agent", "connection", "newest"];

/** Reads the page's address; what is no filter is left out. */
export function readSearch(search: Readonly<Record<string, unknown>>): LiveSearch {
  const { text, show, sort, unused } = search;
  const known = shows.find((one) => one === show);
  const order = sorts.find((one) => one === sort);
  const words = typeof text === "string" || typeof text === "number" ? String(text) : "";
  return {
    ...(words.trim() === "" ? {} : { text: words.slice(0, MAX_SEARCH_CHARACTERS) }),
    ...(known === undefined ? {} : { show: known }),
    ...(order === undefined ? {} : { sort: order }),
    ...(unused === true || unused === "true" ? { unused: true as const } : {}),
  };
}
