/** What stands where a member was masked. */
const masked = "***";
/** Holds a copy of the object as it was applied, its data among it. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

type Obj = Record<string, unknown>;

function isObject(value: unknown): value is Obj {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Masks an object's members; of a member that is a mapping, every value, so that its keys can still be seen. */
function maskObject(object: Obj, members: readonly string[]): boolean {
  let met = false;
  for (const name of members) {
    const value = object[name];
    if (value === undefined) continue;
    met = true;
    object[name] = isObject(value)
      ? Object.fromEntries(Object.keys(value).map((key) => [key, masked]))
      : masked;
  }
  const { metadata } = object;
  const annotations = isObject(metadata) ? metadata["annotations"] : undefined;
  if (isObject(annotations) && lastApplied in annotations) {
    annotations[lastApplied] = masked;
    met = true;
  }
  return met;
}

/**
 * Masks an answer of the API server: an object, a list, or a table with its rows' objects.
 * @param text the answer, JSON
 * @returns undefined when it is none
 */
export function maskAnswer(
  text: string,
  resource: string,
  members: readonly string[],
): { readonly text: string; readonly met: readonly string[] } | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { items, rows } = value;
  const objects: unknown[] = Array.isArray(items)
    ? items
    : Array.isArray(rows)
      ? rows.map((row: unknown) => (isObject(row) ? row["object"] : undefined))
      : [value];
  let met = false;
  for (const each of objects) if (isObject(each)) met = maskObject(each, members) || met;
  return { text: JSON.stringify(value), met: met ? members.map((name) => `${resource}.${name}`) : [] };
}
