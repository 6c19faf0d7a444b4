/** A JSON object's members. */
export type Members = Readonly<Record<string, unknown>>;

const [quote, backslash, colon, blank] = ['"', 0x5c, 0x3a, 0x20] as const;
/** How deep an object of a log nests; Caddy's has three levels. */
const MAX_DEPTH = 16;

/** Whether a value of JSON is an object, and no array. */
export const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** How many names a text has. @param text known to be JSON */
function namesIn(text: string): number {
  let names = 0;
  let close = -1;
  for (let open = text.indexOf(quote); open !== -1; open = text.indexOf(quote, close + 1)) {
    close = open;
    let escapes: number;
    do {
      close = text.indexOf(quote, close + 1);
      for (escapes = 0; text.charCodeAt(close - escapes - 1) === backslash;) escapes += 1;
    } while (escapes % 2 === 1);
    let next = close + 1;
    while (text.charCodeAt(next) <= blank) next += 1;
    if (text.charCodeAt(next) === colon) names += 1;
  }
  return names;
}

/** How many members a value and what is in it have; NaN: it nests deeper than is left. */
function membersIn(value: unknown, left: number): number {
  if (typeof value !== "object" || value === null) return 0;
  if (left <= 0) return Number.NaN;
  const parts: unknown[] = Array.isArray(value) ? value : Object.values(value);
  let members = Array.isArray(value) ? 0 : parts.length;
  for (const part of parts) if (typeof part === "object") members += membersIn(part, left - 1);
  return members;
}

/**
 * The object that a line holds; otherwise, why there is none. Of a name that stands twice each reader takes another value
 * (RFC 8259, section 4): then fewer members were read than names are written. That is quicker to find than which name it is,
 * and these files are large.
 * @param maxDepth how deep it may nest; the object itself counts as one
 */
export function readObject(text: string, maxDepth = MAX_DEPTH): Members | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "it is not JSON";
  }
  if (!isObject(value)) return "it is no JSON object";
  const members = membersIn(value, maxDepth);
  if (Number.isNaN(members)) return "it nests too deep";
  return members === namesIn(text) ? value : "it can be read in two ways: a name stands twice in one object";
}
