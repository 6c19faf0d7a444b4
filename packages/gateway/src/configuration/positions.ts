/** A step from a value to one inside it: a member's name or an item's index. */
export type Path = readonly (string | number)[];

/** A place in a file, both numbers from 1; columns count UTF-16 units, as editors do. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Turns offsets into lines and columns. An offset past the end is moved back onto the last character. */
export function placer(text: string): (offset: number) => Place {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  const last = text.replace(/\s+$/, "").length;
  return (offset) => {
    const at = Math.max(0, Math.min(offset, last));
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= at) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: at - (starts[low] ?? 0) + 1 };
  };
}

/** A value of the file, and its place. */
export interface Placed {
  /** Where the value starts. */
  readonly start: number;
  /** Where its text ends. */
  readonly end: number;
  /** Where its key starts, for a member of a mapping. */
  readonly key?: number;
  /** The scalar's parsed text, for places inside it. */
  readonly text?: string;
  readonly children?: ReadonlyMap<string | number, Placed>;
}

/** The value at a path; where the path leads nowhere, the last one on the way. */
export function placedAt(root: Placed, path: Path): { readonly placed: Placed; readonly complete: boolean } {
  let placed = root;
  for (const step of path) {
    const next = placed.children?.get(step);
    if (next === undefined) return { placed, complete: false };
    placed = next;
  }
  return { placed, complete: true };
}

/**
 * The place in the source of the character at `inner` of a scalar's value. Quotes, escapes, folding and indentation make the
 * source longer than the value, but never reorder it. So each character of the value is searched for after the one before.
 */
export function offsetInside(source: string, placed: Placed, inner: number): number {
  const value = placed.text;
  if (value === undefined) return placed.start;
  let at = placed.start;
  if (source[at] === "|" || source[at] === ">") at = source.indexOf("\n", at) + 1;
  for (let i = 0; ; i += 1) {
    const wanted = value[i];
    if (wanted === undefined) return i === 0 ? placed.start : Math.min(at, placed.end);
    if (wanted.trim() !== "") while (at < placed.end && source[at] !== wanted) at += 1;
    if (at >= placed.end) return placed.start;
    if (i >= inner) return at;
    at += 1;
  }
}
