import { isDeepStrictEqual } from "node:util";
import { applyPatch, type Operation } from "rfc6902";
import { MAX_OBJECT_VALUES } from "../../../gate/bounds.ts";
import { isObject, type JsonObject, member } from "./objects.ts";
import { NotUnderstood, Unapplied } from "./unapplied.ts";

/** Steps of one patch: each is applied to the whole object in turn. */
const MAX_STEPS = 1000;
/** What steps may copy and move in one patch, characters of JSON: a copy of a copy doubles (Kubernetes: 3 MiB too). */
const MAX_CARRIED_CHARACTERS = 3_145_728;
/** What they may copy and move, values: as many as the object itself may hold, since the result is walked as often. */
const MAX_CARRIED_VALUES = MAX_OBJECT_VALUES;

/** How deep the object that results may nest; what reads it goes as deep. */
const MAX_DEPTH = 128;

/** A step of a JSON patch, its pointers read. */
export interface Step {
  readonly op: "add" | "remove" | "replace" | "move" | "copy" | "test";
  readonly path: readonly string[];
  /** Of `move` and `copy`. */
  readonly from: readonly string[] | undefined;
  readonly value: unknown;
}

const operations: ReadonlySet<unknown> = new Set(["add", "remove", "replace", "move", "copy", "test"]);
/** Names that the library passes over, since they lead to what all objects share. */
const unsafe: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);

/** Parts of a JSON pointer (RFC 6901), decoded. @throws NotUnderstood */
function partsOf(pointer: unknown): readonly string[] {
  if (typeof pointer !== "string") throw new NotUnderstood("a step of the patch has no path");
  // The cluster passes over what stands before the first slash.
  if (pointer !== "" && !pointer.startsWith("/"))
    throw new NotUnderstood("a path of the patch begins with no slash");
  if (/~(?![01])/.test(pointer)) throw new NotUnderstood("a path of the patch holds a ~ that is no ~0 or ~1");
  const parts = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (parts.length > MAX_DEPTH) throw new NotUnderstood("a path of the patch is too deep");
  // An empty part is a member without a name, or nothing at all, as the cluster's version reads it.
  if (parts.some((part) => part === "" || unsafe.has(part)))
    throw new NotUnderstood("a path of the patch can be read in two ways");
  return parts;
}

/** Reads a JSON patch (RFC 6902). @throws NotUnderstood */
export function readSteps(patch: unknown): readonly Step[] {
  if (!Array.isArray(patch)) throw new NotUnderstood("the patch is no list");
  if (patch.length > MAX_STEPS) throw new NotUnderstood(`the patch has more than ${MAX_STEPS} steps`);
  return patch.map((step) => {
    const op = member(step, "op");
    if (!operations.has(op)) throw new NotUnderstood("a step of the patch has no op that is known");
    const needs = op === "move" || op === "copy" ? "from" : op === "remove" ? undefined : "value";
    if (needs !== undefined && !(isObject(step) && Object.hasOwn(step, needs)))
      throw new NotUnderstood(`a step of the patch has no ${needs}`);
    return {
      op: op as Step["op"],
      path: partsOf(member(step, "path")),
      from: needs === "from" ? partsOf(member(step, "from")) : undefined,
      value: member(step, "value"),
    };
  });
}

const named = (part: string): string => JSON.stringify(part.slice(0, 60));

const index = /^(?:0|[1-9]\d{0,8})$/;

/**
 * What stands at a pointer, reached by members that objects have themselves and by elements that lists have. The library
 * would follow what every object inherits, and read `1x` as 1.
 * @throws Unapplied where there is nothing
 */
function reach(document: unknown, parts: readonly string[]): unknown {
  let at = document;
  for (const part of parts) {
    const isThere = Array.isArray(at)
      ? index.test(part) && Number(part) < at.length
      : isObject(at) && Object.hasOwn(at, part);
    if (!isThere) throw new Unapplied(`there is no ${named(part)} where the patch looks for it`);
    at = (at as JsonObject)[part];
  }
  return at;
}

/** Makes sure that a value can be added at a pointer. @throws Unapplied */
function makeRoom(document: unknown, parts: readonly string[]): void {
  const last = parts.at(-1);
  if (last === undefined) return;
  const around = reach(document, parts.slice(0, -1));
  const hasRoom = Array.isArray(around)
    ? last === "-" || (index.test(last) && Number(last) <= around.length)
    : isObject(around);
  if (!hasRoom) throw new Unapplied(`nothing can be added as ${named(last)} where the patch adds it`);
}

const pointerTo = (parts: readonly string[]): string =>
  ["root", ...parts].map((part) => `/${part.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

/**
 * Applies a JSON patch (RFC 6902). The object given is not changed.
 * @throws Unapplied, NotUnderstood
 */
export function applyJsonPatch(document: JsonObject, steps: readonly Step[]): unknown {
  // The library changes what it is given; with a member around the document it can replace that too.
  const holder = { root: structuredClone(document) as unknown };
  let [carried, values] = [0, 0];
  for (const { op, path, from, value } of steps) {
    if (op === "test") {
      if (!isDeepStrictEqual(reach(holder.root, path), value))
        throw new Unapplied("a test of the patch fails");
      continue;
    }
    if (op === "remove") {
      reach(holder.root, path);
      run(holder, { op, path: pointerTo(path) });
      continue;
    }
    const taken = from === undefined ? value : reach(holder.root, from);
    if (from !== undefined && (carried += JSON.stringify(taken).length) > MAX_CARRIED_CHARACTERS)
      throw new NotUnderstood("the patch copies or moves more than 3 MiB");
    const size = sizeOf(taken);
    if (from !== undefined && (values += size.values) > MAX_CARRIED_VALUES)
      throw new NotUnderstood(`the patch copies or moves more than ${MAX_CARRIED_VALUES} values`);
    if (path.length + size.depth > MAX_DEPTH) throw new NotUnderstood("what the patch makes nests too deep");
    if (op === "move") run(holder, { op: "remove", path: pointerTo(from ?? []) });
    if (op === "replace") reach(holder.root, path);
    else makeRoom(holder.root, path);
    run(holder, { op: op === "replace" ? op : "add", path: pointerTo(path), value: taken });
  }
  return holder.root;
}

/** How deep a value nests, and how many values it holds, itself among them. */
function sizeOf(value: unknown): { readonly depth: number; readonly values: number } {
  if (typeof value !== "object" || value === null) return { depth: 0, values: 1 };
  let [deepest, values] = [0, 1];
  for (const each of Object.values(value)) {
    const size = sizeOf(each);
    deepest = Math.max(deepest, size.depth);
    values += size.values;
  }
  return { depth: deepest + 1, values };
}

function run(holder: object, step: Operation): void {
  const [failure] = applyPatch(holder, [step]);
  if (failure !== null && failure !== undefined)
    throw new Unapplied("a step of the patch cannot be applied to the object");
}
