import { isDeepStrictEqual } from "node:util";
import { isObject, type JsonObject } from "./objects.ts";

/** Applies a JSON merge patch (RFC 7386, section 2). Neither value is changed. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: JsonObject = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else result[name] = applyMergePatch(Object.hasOwn(result, name) ? result[name] : undefined, value);
  }
  return result;
}

/**
 * The JSON merge patch that makes one object of another. Members that are null in the second are left out of it: a merge
 * patch has no way to set them, and Kubernetes takes a member that is null for one that is not there.
 */
export function mergePatchBetween(before: JsonObject, after: JsonObject): JsonObject {
  const patch: JsonObject = {};
  for (const [name, had] of Object.entries(before))
    if (!Object.hasOwn(after, name) || (after[name] === null && had !== null)) patch[name] = null;
  for (const [name, value] of Object.entries(after)) {
    if (value === null) continue;
    const had = Object.hasOwn(before, name) ? before[name] : undefined;
    // Each object is compared once, with what it holds: comparing it whole at every level would cost its depth.
    if (isObject(had) && isObject(value)) {
      const inside = mergePatchBetween(had, value);
      if (Object.keys(inside).length > 0) patch[name] = inside;
    } else if (!isDeepStrictEqual(had, value)) patch[name] = value;
  }
  return patch;
}
