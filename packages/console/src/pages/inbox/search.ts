import { everything, type InboxFilter } from "./select.ts";

/** What the inbox's address holds: the filter, the selected request, and which list is shown. */
export interface InboxSearch {
  readonly text?: string;
  readonly risk?: "low" | "medium" | "high";
  readonly all?: true;
  readonly id?: string;
  readonly show?: "decided" | "emergencies";
}

const MAX_SEARCH_CHARACTERS = 200;

/** Reads the page's address; what is no filter is left out. */
export function readSearch(search: Readonly<Record<string, unknown>>): InboxSearch {
  const { text, risk, all, id, show } = search;
  const words = typeof text === "string" || typeof text === "number" ? String(text) : "";
  return {
    ...(words.trim() === "" ? {} : { text: words.slice(0, MAX_SEARCH_CHARACTERS) }),
    ...(risk === "low" || risk === "medium" || risk === "high" ? { risk } : {}),
    ...(all === true ? { all } : {}),
    ...(typeof id === "string" && /^req_[0-9a-z]{1,40}$/.test(id) ? { id } : {}),
    ...(show === "decided" || show === "emergencies" ? { show } : {}),
  };
}

/** The filter that an address holds. */
export function filterOf({ text, risk, all }: InboxSearch): InboxFilter {
  return { text: text ?? everything.text, risk: risk ?? everything.risk, all: all ?? everything.all };
}

/** The address of a filter and a selected request. */
export function searchOf({ text, risk, all }: InboxFilter, id: string | undefined): InboxSearch {
  return readSearch({ text, risk, ...(all ? { all } : {}), ...(id === undefined ? {} : { id }) });
}
