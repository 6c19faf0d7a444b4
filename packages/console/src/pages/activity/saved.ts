import { visibleText } from "../../components/visible.ts";
import { type Filters, readFilters, type Search, searchOf } from "./filters.ts";

// Searches under a name, kept in this browser. A search itself stands in the page's address, which is how it is given to
// somebody else. What is stored may have been written by anything on this origin: it is read as an address is.

/** A search with its name. */
export interface SavedSearch {
  readonly name: string;
  readonly filters: Filters;
}

export const MAX_SAVED_SEARCHES = 20;
export const MAX_NAME_CHARACTERS = 60;
/** More than as many of the longest take. */
const MAX_STORED_CHARACTERS = 65_536;

/** Where one person's searches are: several may use one browser. */
export function storageKey({
  issuer,
  subject,
}: {
  readonly issuer: string;
  readonly subject: string;
}): string {
  return `mayfly-searches ${JSON.stringify([issuer, subject])}`;
}

/** A name as it is kept; undefined where it is none. */
export function nameOf(text: string): string | undefined {
  const name = visibleText(text.trim().replaceAll(/\s+/g, " ")).slice(0, MAX_NAME_CHARACTERS);
  return name === "" || !name.isWellFormed() ? undefined : name;
}

/** What is stored; anything else is left out. */
export function readSaved(text: string | null): readonly SavedSearch[] {
  if (text === null || text.length > MAX_STORED_CHARACTERS) return [];
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    return [];
  }
  if (!Array.isArray(stored)) return [];
  const saved = stored.flatMap((entry: unknown): readonly SavedSearch[] => {
    const { name, search } = (entry ?? {}) as { readonly name?: unknown; readonly search?: unknown };
    const known = typeof name === "string" ? nameOf(name) : undefined;
    if (known === undefined || typeof search !== "object" || search === null) return [];
    return [{ name: known, filters: readFilters(search as Search) }];
  });
  return saved.slice(0, MAX_SAVED_SEARCHES);
}

/** The same as text. */
export function writeSaved(saved: readonly SavedSearch[]): string {
  return JSON.stringify(saved.map(({ name, filters }) => ({ name, search: searchOf(filters) })));
}

/** With one more; one of the same name is replaced. Undefined where there are as many as may be. */
export function withSaved(
  saved: readonly SavedSearch[],
  search: SavedSearch,
): readonly SavedSearch[] | undefined {
  const others = saved.filter(({ name }) => name !== search.name);
  return others.length >= MAX_SAVED_SEARCHES ? undefined : [...others, search];
}

/**
 * Changes what is stored, as it is now: another tab may have changed it since this one was drawn.
 * @param change undefined: it stays as it is
 * @throws Error where the browser keeps nothing
 */
export function changeSaved(
  storage: Pick<Storage, "getItem" | "setItem">,
  key: string,
  change: (saved: readonly SavedSearch[]) => readonly SavedSearch[] | undefined,
): readonly SavedSearch[] | undefined {
  const next = change(readSaved(storage.getItem(key)));
  if (next !== undefined) storage.setItem(key, writeSaved(next));
  return next;
}
