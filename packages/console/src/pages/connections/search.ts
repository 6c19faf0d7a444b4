/** What the page's address holds. */
export interface ConnectionsSearch {
  readonly text?: string;
  readonly state?: "up" | "down" | "unknown";
  /** The connection whose operations are shown. */
  readonly open?: string;
}

const MAX_SEARCH_CHARACTERS = 200;

const textIn = (value: unknown): string | undefined => {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text.trim() !== "" ? text.slice(0, MAX_SEARCH_CHARACTERS) : undefined;
};

/** Reads the page's address; what is no filter is left out. */
export function readSearch(search: Readonly<Record<string, unknown>>): ConnectionsSearch {
  const { state } = search;
  const text = textIn(search["text"]);
  const open = textIn(search["open"]);
  return {
    ...(text === undefined ? {} : { text }),
    ...(state === "up" || state === "down" || state === "unknown" ? { state } : {}),
    ...(open === undefined ? {} : { open }),
  };
}
