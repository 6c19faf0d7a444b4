import { parseDocument } from "yaml";
import type { Search } from "./search.ts";

/** Aliases that one YAML file may use: more make a small file large. */
const MAX_ALIASES = 100;

/** Brackets within brackets: more is no file of anybody's, and takes the library seconds. */
const MAX_DEPTH = 200;

/** A YAML file's value; undefined where there is no file, or it isn't understood: that is said. */
export async function yamlFile(search: Search, path: string): Promise<unknown> {
  const file = await search.text(path);
  if (file === undefined || file.text.trim() === "") return undefined;
  try {
    if (isTooDeep(file.text)) throw new RangeError("too deep");
    // The library would compare each key with every other one. Its errors quote the file: none is passed on.
    const document = parseDocument(file.text, { uniqueKeys: false, prettyErrors: false, logLevel: "silent" });
    if (document.errors.length === 0) return document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown;
  } catch {
    // Too deep, or too many aliases.
  }
  search.unread(path, "no YAML that can be understood");
  return undefined;
}

/** Whether more brackets are open at once than any file needs; those in quotes count as well. */
function isTooDeep(content: string): boolean {
  let depth = 0;
  for (const [bracket] of content.matchAll(/[[\]{}]/g)) {
    depth += bracket === "[" || bracket === "{" ? 1 : -1;
    if (depth > MAX_DEPTH) return true;
  }
  return false;
}

/** A JSON file's value; undefined where there is no file, or it isn't understood: that is said. */
export async function jsonFile(search: Search, path: string): Promise<unknown> {
  const file = await search.text(path);
  if (file === undefined || file.text.trim() === "") return undefined;
  try {
    return JSON.parse(file.text) as unknown;
  } catch {
    // The error quotes the file.
    search.unread(path, "no JSON that can be understood");
    return undefined;
  }
}

/** A member of an object; undefined for anything else. */
export function member(value: unknown, ...names: readonly string[]): unknown {
  let at = value;
  for (const name of names) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

/** A text that isn't empty; undefined for anything else. */
export function text(value: unknown): string | undefined {
  return typeof value === "string" && value.trim() !== "" ? value : undefined;
}

/** A list's items; none for anything else. */
export function items(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? (value as readonly unknown[]) : [];
}

/** An object's members; none for anything else. */
export function members(value: unknown): readonly (readonly [name: string, value: unknown])[] {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? Object.entries(value) : [];
}
