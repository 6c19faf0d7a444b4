import { isObject, type JsonObject } from "./objects.ts";
import type { Shape } from "./strategic-lists.ts";
import { NotUnderstood, Unapplied } from "./unapplied.ts";

const ORDER = "$setElementOrder/";
const DELETE = "$deleteFromPrimitiveList/";
const RETAIN = "$retainKeys";
const DIRECTIVE = "$patch";
const nothing: Shape = {};

/**
 * Applies a strategic merge patch (Kubernetes: "Strategic Merge Patch", and "Preserve order"). Neither object is changed.
 * @param shape how the lists of the object's kind are merged
 * @throws Unapplied, NotUnderstood for a directive that is not known
 */
export function applyStrategicPatch(original: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  return mergeObject(original, patch, shape);
}

function mergeObject(original: JsonObject, patch: JsonObject, shape: Shape): JsonObject {
  if (Object.hasOwn(patch, DIRECTIVE)) {
    const { [DIRECTIVE]: directive, ...rest } = patch;
    if (directive === "delete") return {};
    if (directive === "replace") return added(rest) as JsonObject;
    throw new NotUnderstood("$patch is replace or delete");
  }
  const merged = retained(original, patch);
  const orders = new Map<string, readonly unknown[]>();
  const deleted = new Map<string, readonly unknown[]>();
  const changes: [string, unknown][] = [];
  for (const [name, value] of Object.entries(patch)) {
    if (name.startsWith(ORDER)) orders.set(name.slice(ORDER.length), listOf(value));
    else if (name.startsWith(DELETE)) deleted.set(name.slice(DELETE.length), listOf(value));
    else if (name === RETAIN) continue;
    else if (name.startsWith("$")) throw new NotUnderstood("the patch holds a directive that is not known");
    else changes.push([name, value]);
  }
  for (const [name, value] of changes) {
    const had = Object.hasOwn(merged, name) ? merged[name] : undefined;
    // A directive about an object that is not there has nothing to act on.
    const isIdle = isObject(value) && Object.hasOwn(value, DIRECTIVE) && !isObject(had);
    if (value === null || isIdle) delete merged[name];
    else {
      merged[name] = mergeValue(had, value, shape, name);
    }
  }
  for (const [name, order] of orders) {
    const had = Object.hasOwn(merged, name) ? merged[name] : undefined;
    const first = Object.hasOwn(original, name) ? original[name] : [];
    if (had !== undefined)
      merged[name] = ordered(listOf(had), order, listOf(first), mergedBy(shape, name)?.key);
  }
  for (const [name, values] of deleted) {
    const gone = new Set(values);
    if (Object.hasOwn(merged, name)) merged[name] = listOf(merged[name]).filter((each) => !gone.has(each));
  }
  return merged;
}

function mergedBy(shape: Shape, name: string): { readonly key?: string; readonly of?: Shape } | undefined {
  return shape.lists !== undefined && Object.hasOwn(shape.lists, name) ? shape.lists[name] : undefined;
}

function mergeValue(had: unknown, value: unknown, shape: Shape, name: string): unknown {
  if (isObject(had) && isObject(value)) {
    if (shape.replaced?.has(name) === true) return added(value);
    const inside =
      shape.members !== undefined && Object.hasOwn(shape.members, name) ? shape.members[name] : nothing;
    return mergeObject(had, value, inside ?? nothing);
  }
  const rule = mergedBy(shape, name);
  if (!Array.isArray(had) || !Array.isArray(value) || rule === undefined) return added(value);
  return rule.key === undefined
    ? mergeValues(had, value)
    : mergeList(had, value, rule.key, rule.of ?? nothing);
}

/** The members of an object that `$retainKeys` leaves it. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  if (!Object.hasOwn(patch, RETAIN)) return { ...original };
  const kept = new Set(listOf(patch[RETAIN]));
  for (const [name, value] of Object.entries(patch))
    if (value !== null && !name.startsWith("$") && !kept.has(name))
      throw new Unapplied("$retainKeys leaves out what the patch sets");
  return Object.fromEntries(Object.entries(original).filter(([name]) => kept.has(name)));
}

function listOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value))
    throw new Unapplied("a directive of the patch is about a list, and stands at none");
  return value;
}

function mergeValues(had: readonly unknown[], values: readonly unknown[]): unknown[] {
  if ([...had, ...values].some((each) => typeof each === "object"))
    throw new Unapplied("the patch brings an object into a list of plain values");
  return ordered([...new Set([...had, ...values])], values, had, undefined);
}

function mergeList(had: readonly unknown[], patch: readonly unknown[], key: string, shape: Shape): unknown[] {
  const isReplaced = patch.some((each) => isObject(each) && each[DIRECTIVE] === "replace");
  const gone = new Set<unknown>();
  const brought: JsonObject[] = [];
  for (const each of patch) {
    if (!isObject(each)) throw new Unapplied("the patch brings a plain value into a list of objects");
    if (!Object.hasOwn(each, DIRECTIVE)) brought.push(each);
    else if (each[DIRECTIVE] === "delete") gone.add(keyOf(each, key));
    else if (each[DIRECTIVE] !== "replace") throw new NotUnderstood("$patch in a list is replace or delete");
  }
  // Two elements may have one key: a port of TCP and one of UDP. The first is the one that is merged.
  const merged = (isReplaced ? [] : had).filter((each) => !gone.has(keyOf(each, key)));
  const places = new Map<unknown, number>();
  for (const [at, each] of merged.entries()) {
    const value = keyOf(each, key);
    if (!places.has(value)) places.set(value, at);
  }
  for (const each of brought) {
    const value = keyOf(each, key);
    const at = places.get(value) ?? merged.length;
    places.set(value, at);
    // What is not there yet is taken as it stands.
    merged[at] = at === merged.length ? added(each) : mergeObject(merged[at] as JsonObject, each, shape);
  }
  return ordered(merged, brought, isReplaced ? [] : had, key);
}

function keyOf(element: unknown, key: string): unknown {
  if (!isObject(element) || !Object.hasOwn(element, key))
    throw new Unapplied(`an element of a list has no ${key}, by which the list is merged`);
  return element[key];
}

/**
 * A merged list in its order: of what the patch names the patch's, of the rest the original's; between two that both had
 * places the original decides, else what the patch names comes first.
 */
function ordered(
  merged: readonly unknown[],
  named: readonly unknown[],
  original: readonly unknown[],
  key: string | undefined,
): unknown[] {
  const placeIn = (list: readonly unknown[]): ((element: unknown) => number) => {
    const places = new Map<unknown, number>();
    for (const [at, each] of list.entries()) {
      const value = key === undefined ? each : keyOf(each, key);
      if (!places.has(value)) places.set(value, at);
    }
    return (element) => places.get(key === undefined ? element : keyOf(element, key)) ?? -1;
  };
  const [inPatch, inOriginal] = [placeIn(named), placeIn(original)];
  const ofPatch = merged.filter((each) => inPatch(each) >= 0).toSorted((a, b) => inPatch(a) - inPatch(b));
  const others = merged.filter((each) => inPatch(each) < 0).toSorted((a, b) => inOriginal(a) - inOriginal(b));
  const result: unknown[] = [];
  let [left, right] = [0, 0];
  const isOtherNext = (): boolean => {
    if (left >= others.length || right >= ofPatch.length) return left < others.length;
    const [l, r] = [inOriginal(others[left]), inOriginal(ofPatch[right])];
    return l >= 0 && r >= 0 && l < r;
  };
  while (result.length < merged.length) {
    if (isOtherNext()) {
      result.push(others[left]);
      left += 1;
    } else {
      result.push(ofPatch[right]);
      right += 1;
    }
  }
  return result;
}

/** What a patch brings to where nothing was: without its nulls, and without directives, which would become members. */
function added(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.filter((each) => !(isObject(each) && Object.hasOwn(each, DIRECTIVE))).map(added);
  }
  if (!isObject(value)) return value;
  const result: JsonObject = {};
  for (const [name, each] of Object.entries(value)) {
    if (each === null || (isObject(each) && Object.hasOwn(each, DIRECTIVE))) continue;
    if (name.startsWith(ORDER) || name.startsWith(DELETE) || name === RETAIN) continue;
    if (name.startsWith("$")) throw new NotUnderstood("the patch holds a directive that is not known");
    result[name] = added(each);
  }
  return result;
}
