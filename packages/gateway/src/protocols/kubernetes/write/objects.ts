import { isDeepStrictEqual } from "node:util";

/** A JSON object. */
export type JsonObject = Record<string, unknown>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * A member's name as Go's `encoding/json` compares names, which takes `HostPath` and `hoſtPath` for `hostPath`: API servers
 * before 1.10 read objects by it, and controllers read what their own kinds hold.
 */
export function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** A member of an object, where it is an object that has it itself. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
}

/** Where something stands in an object: names of members and numbers of elements. */
export type Path = readonly (string | number)[];

/** What stands at a place of an object; undefined where it has none. */
export function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const step of path) found = Array.isArray(found) ? found[Number(step)] : member(found, String(step));
  return found;
}

/** Whether two values say the same to Kubernetes, which takes a member that is null for one that is not there. */
export function saysTheSame(one: unknown, other: unknown): boolean {
  return isDeepStrictEqual(withoutNulls(one), withoutNulls(other));
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, each]) => (each === null ? [] : [[name, withoutNulls(each)]])),
  );
}
