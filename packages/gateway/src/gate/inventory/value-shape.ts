import { createHash } from "node:crypto";
import { FORMATS } from "../web/schema/formats.ts";
import {
  joined,
  type Member,
  MIN_CHARACTERS,
  partsOf,
  powerOver,
  shapeOfObject,
  type StringShape,
  type ValueShape,
} from "./value-shape-merge.ts";
import { isDataName, isForbiddenName } from "./value-shape-names.ts";
import { schemaOfShape } from "./value-shape-schema.ts";

/**
 * What JSON values look like, without anything of what they say. `anything`: no schema says it, because the value nests too
 * deep, has too many parts, or holds a number or a name that no schema can judge. Plain data; shapes that are equal have equal
 * JSON texts.
 */
export type Shape = "anything" | ValueShape;

/** The deepest nesting of objects and arrays. */
const MAX_DEPTH = 20;
/** The most parts of a shape. */
const MAX_PARTS = 5000;
/** The least bound of a list. */
const MIN_ITEMS = 16;
/** The longest key that is kept as it is, in characters. */
const MAX_KEY = 200;

/** The formats that are looked for: words and paths have the others by chance. No text has two of them. */
const looked = ["uuid", "date-time", "date", "time", "duration", "email", "ipv4", "ipv6", "uri"] as const;
/** The longest text whose format is looked for, in characters. */
const MAX_FORMATTED = 2048;

/** The shape of one value, as `JSON.parse` gives it. Its size is bounded, however large or deep the value is. */
export function shapeOf(value: unknown): Shape {
  return bounded(read(value, 0));
}

/**
 * The shape of all values that two shapes stand for. The order in which shapes are merged does not matter, but for one thing: where
 * parts become fewer on the way, because their names turn out to be data, it can decide whether they ever were too many.
 */
export function mergedShape(one: Shape, other: Shape): Shape {
  return one === "anything" || other === "anything" ? "anything" : bounded(joined(one, other));
}

/**
 * A text that equal shapes share, and no others. It is bounded, and the same for values that differ in what they say alone:
 * their texts and lists as long within a power of two, their texts in the same formats.
 */
export function shapeKey(shape: Shape): string {
  const text = JSON.stringify(shape);
  return text.length <= MAX_KEY ? text : `sha256:${createHash("sha256").update(text).digest("base64")}`;
}

/**
 * The JSON Schema (draft 2020-12) that takes the values of a shape and as little else as it can: at every depth it lists the members
 * that they may have, but for maps. Undefined: no schema says it, or it is too long for anybody to read. A caller must set such
 * values apart: an operation without a schema would take anything.
 *
 * One thing it may refuse that it was made from: a map with a member whose name is a listed one elsewhere in another case.
 */
export function schemaOf(shape: Shape): object | undefined {
  return shape === "anything" ? undefined : schemaOfShape(shape);
}

const bounded = (shape: ValueShape | undefined): Shape =>
  shape === undefined || partsOf(shape) > MAX_PARTS ? "anything" : shape;

/** Undefined: no schema says it. */
function read(value: unknown, depth: number): ValueShape | undefined {
  if (value === null) return { null: true };
  if (typeof value === "boolean") return { boolean: true };
  if (typeof value === "number") {
    // Of `1e999`, which JSON can say.
    if (!Number.isFinite(value)) return undefined;
    return { number: Number.isInteger(value) ? "integer" : "number" };
  }
  if (typeof value === "string") return { string: readString(value) };
  if (typeof value !== "object" || depth >= MAX_DEPTH) return undefined;
  return Array.isArray(value) ? readArray(value, depth) : readObject(value, depth);
}

function readString(value: string): StringShape {
  const max = powerOver(MIN_CHARACTERS, value.length);
  if (value.length > MAX_FORMATTED) return { max };
  const format = looked.find((name) => hasFormat(name, value));
  return format === undefined ? { max } : { max, format };
}

function hasFormat(name: (typeof looked)[number], value: string): boolean {
  const format = FORMATS[name];
  if (format?.type !== "string") return false;
  // `note:later` is a URI too, and hardly meant as one.
  return (name !== "uri" || value.includes("://")) && format.validate(value);
}

function readArray(value: readonly unknown[], depth: number): ValueShape | undefined {
  let items: ValueShape | undefined;
  for (const each of value) {
    const shape = read(each, depth + 1);
    if (shape === undefined) return undefined;
    items = items === undefined ? shape : joined(items, shape);
  }
  const max = powerOver(MIN_ITEMS, value.length);
  return { array: items === undefined ? { max } : { max, items } };
}

function readObject(value: object, depth: number): ValueShape | undefined {
  const members: Member[] = [];
  let holdsData = false;
  for (const [name, each] of Object.entries(value)) {
    const shape = isForbiddenName(name) ? undefined : read(each, depth + 1);
    if (shape === undefined) return undefined;
    holdsData ||= isDataName(name);
    members.push({ name, optional: false, shape });
  }
  return { object: shapeOfObject(members, holdsData) };
}
