/** How far one gateway has read one org's System Log. */
export interface LogCursor {
  /** Digest of the query: a cursor of another query is not used. */
  readonly filter: string;
  /** The next page's URL, from Okta; undefined where reading starts over at `since`. */
  readonly next?: string;
  /** All events up to this time were read, milliseconds since the epoch. */
  readonly since: number;
}

/** Where cursors are kept; implemented in `storage/`. */
export interface CursorStore {
  read(name: string): Promise<string | undefined>;
  keep(name: string, value: string): Promise<void>;
}

/** Maximum length of a kept next page, characters; a longer one is dropped, and reading starts over at `since`. */
const MAX_NEXT_LENGTH = 8192;

export function writeCursor({ filter, next, since }: LogCursor): string {
  const isKept = next !== undefined && next.length <= MAX_NEXT_LENGTH;
  return JSON.stringify({ filter, since, ...(isKept ? { next } : {}) });
}

/** Reads a kept cursor; undefined for any other form. */
export function readCursor(text: string | undefined): LogCursor | undefined {
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as { filter?: unknown; next?: unknown; since?: unknown };
    const { filter, next, since } = value;
    if (typeof filter !== "string" || typeof since !== "number" || !Number.isFinite(since)) return undefined;
    return { filter, since, ...(typeof next === "string" ? { next } : {}) };
  } catch {
    return undefined;
  }
}
