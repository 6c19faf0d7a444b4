import { isObject, type Members } from "../../../kernel/json-object.ts";

/** The longest body that is kept, characters. */
const MAX_BODY_CHARACTERS = 32_768;

/** Of a secret all else holds its values, or could: names of members are compared in any case. */
const openOfSecrets: ReadonlySet<string> = new Set(["apiversion", "kind", "metadata", "type", "immutable"]);

/** Members of an object, each replaced; a name such as `__proto__` stays one like any other. */
const replaced = (object: Members, replace: (value: unknown, name: string) => unknown): Members =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, replace(value, name)]));

/** A value of which nothing but names is left; a null stays, which in a patch takes a member away. */
function blank(value: unknown): unknown {
  if (value === null) return null;
  if (Array.isArray(value)) return value.map(blank);
  return isObject(value) ? replaced(value, blank) : "";
}

/** An object's metadata: tools keep the whole object in annotations, kubectl in one of its own. */
const ofMetadata = (metadata: unknown): unknown =>
  isObject(metadata)
    ? replaced(metadata, (value, name) => (name.toLowerCase() === "annotations" ? blank(value) : value))
    : metadata;

/** A secret, or a patch of one by merging, without its values. */
function ofSecret(secret: unknown): unknown {
  if (!isObject(secret)) return blank(secret);
  return replaced(secret, (value, name) => {
    const lower = name.toLowerCase();
    if (lower === "metadata") return ofMetadata(value);
    return openOfSecrets.has(lower) ? value : blank(value);
  });
}

/** A step of a JSON patch (RFC 6902) of a secret, without its values. */
function ofStep(step: unknown): unknown {
  if (!isObject(step)) return blank(step);
  const [, root = "", inner = ""] = typeof step["path"] === "string" ? step["path"].split("/") : [];
  const isWhole = step["path"] === "";
  return replaced(step, (value, name) => {
    if (name === "op" || name === "path" || name === "from") return value;
    if (name !== "value") return blank(value);
    if (isWhole) return ofSecret(value);
    if (root === "metadata" && inner === "") return ofMetadata(value);
    if (root === "metadata") return inner.toLowerCase() === "annotations" ? blank(value) : value;
    return openOfSecrets.has(root.toLowerCase()) && !isObject(value) ? value : blank(value);
  });
}

/** Whether a number differs from what was written: a double holds no larger integers, and no infinite ones are written. */
function hasInexactNumber(value: unknown): boolean {
  if (typeof value === "number")
    return !Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value));
  if (typeof value !== "object" || value === null) return false;
  return (Array.isArray(value) ? (value as unknown[]) : Object.values(value)).some(hasInexactNumber);
}

/**
 * What a request wrote, as JSON.
 * @param written an event's `requestObject`
 * @param isSecret whether what it wrote may be a secret, of which no value may be kept
 * @returns undefined: it is not shown, or it is too long, or not all of it would be told as it was written
 */
export function bodyText(written: Members | readonly unknown[], isSecret: boolean): string | undefined {
  if (hasInexactNumber(written)) return undefined;
  let shown: unknown = written;
  if (isSecret) shown = Array.isArray(written) ? written.map(ofStep) : ofSecret(written);
  const text = JSON.stringify(shown);
  return text.length > MAX_BODY_CHARACTERS ? undefined : text;
}
