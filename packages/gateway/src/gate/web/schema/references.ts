type Schema = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every object within a value, itself included. */
function* objectsIn(value: unknown): Generator<Schema> {
  if (Array.isArray(value)) for (const each of value as readonly unknown[]) yield* objectsIn(each);
  if (!isObject(value)) return;
  yield value;
  for (const each of Object.values(value)) yield* objectsIn(each);
}

/** All references within a value. */
export function referencesIn(value: unknown): string[] {
  const found: string[] = [];
  for (const { $ref } of objectsIn(value)) if (typeof $ref === "string") found.push($ref);
  return found;
}

/** What a JSON pointer leads to (RFC 6901, section 6); undefined: nothing. @throws URIError for an escape that is none */
export function atPointer(root: unknown, pointer: string): unknown {
  let found: unknown = root;
  for (const part of pointer.split("/").slice(1)) {
    const name = decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(found) && /^\d+$/.test(name)) found = (found as readonly unknown[])[Number(name)];
    else if (isObject(found) && Object.hasOwn(found, name)) found = found[name];
    else return undefined;
  }
  return found;
}

/**
 * Resolves a reference within a schema's file (JSON Schema Core, section 8.2).
 * @returns undefined where the target is not certain: in a schema with an `$id` of its own, references start there
 */
export function createReferences(root: unknown): (reference: unknown) => unknown {
  let hasOwnIds = false;
  const anchors = new Map<string, Schema | undefined>();
  for (const each of objectsIn(root)) {
    if (each !== root && typeof each["$id"] === "string") hasOwnIds = true;
    const { $anchor } = each;
    // A constant can hold what looks like an anchor: of two, it is not certain which one is meant.
    if (typeof $anchor === "string")
      anchors.set(`#${$anchor}`, anchors.has(`#${$anchor}`) ? undefined : each);
  }
  return (reference) => {
    if (typeof reference !== "string" || hasOwnIds) return undefined;
    return /^#(?:\/|$)/.test(reference) ? atPointer(root, reference) : anchors.get(reference);
  };
}
