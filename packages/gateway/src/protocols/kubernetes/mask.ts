/** What stands where a member was masked. */
const masked = "***";
/** Holds a copy of the object as it was applied, its data among it. */
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";

type Obj = Record<string, unknown>;

function isObject(value: unknown): value is Obj {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Masks members wherever they stand: an object comes in lists, in events and in errors. Of a member
 * that is a mapping, every value is masked, so that its keys can still be seen.
 */
function maskWithin(value: unknown, members: readonly string[]): boolean {
  if (Array.isArray(value)) {
    let met = false;
    for (const each of value) met = maskWithin(each, members) || met;
    return met;
  }
  if (!isObject(value)) return false;
  let met = maskObject(value, members);
  for (const [name, each] of Object.entries(value))
    if (!members.includes(name)) met = maskWithin(each, members) || met;
  return met;
}

function maskObject(object: Obj, members: readonly string[]): boolean {
  let met = false;
  for (const name of members) {
    if (!Object.hasOwn(object, name)) continue;
    const value = object[name];
    met = true;
    object[name] = isObject(value)
      ? Object.fromEntries(Object.keys(value).map((key) => [key, masked]))
      : masked;
  }
  // A table was not asked for, and its cells have no names by which they could be masked.
  if (Array.isArray(object["cells"])) {
    object["cells"] = object["cells"].map(() => masked);
    met = true;
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
 * Masks an answer of the API server.
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
  const met = maskWithin(value, members);
  return { text: JSON.stringify(value), met: met ? members.map((name) => `${resource}.${name}`) : [] };
}
