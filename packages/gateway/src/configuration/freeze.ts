import { digestOf } from "../kernel/canonical.ts";
import type { Json } from "../kernel/canonical.ts";
import { Secret, TextFile } from "../kernel/secret.ts";
import { WrittenJson } from "../kernel/written-json.ts";

function refuseChange(): never {
  throw new TypeError("a configuration does not change");
}

/** Freezes a value and all that it holds; maps and sets refuse changes. Anything but plain data stays unchanged. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  if (value instanceof Map || value instanceof Set) {
    const changes = value instanceof Map ? ["set", "delete", "clear"] : ["add", "delete", "clear"];
    for (const name of changes) Object.defineProperty(value, name, { value: refuseChange });
    Object.freeze(value);
    for (const [key, item] of value.entries()) {
      deepFreeze(key);
      deepFreeze(item);
    }
    return value;
  }
  if (value instanceof Secret || value instanceof TextFile || value instanceof WrittenJson)
    return Object.freeze(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null) return value;
  Object.freeze(value);
  for (const item of Object.values(value)) deepFreeze(item);
  return value;
}

/**
 * A value as JSON, for digests and comparisons. A secret is represented by its source (or also by the digest of its value, for
 * comparisons inside the process; or by where it lies; or left out), a file by the digest of its text, JSON
 * that is written in place by the digest of what it says; sets are sorted.
 */
export function plain(value: unknown, secrets: "source" | "value" | "place" | "none" = "source"): Json {
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "number" || typeof value === "bigint") return { number: String(value) };
  if (value instanceof Secret) {
    if (secrets === "none") return null;
    const source: Json = value.source === undefined ? null : { ...value.source };
    // One that a file holds itself, as a URL without a password.
    const isWritten = secrets === "place" && value.source === undefined && value.isLoaded;
    if (secrets === "place" && !isWritten) return { secret: value.file === undefined ? source : value.file };
    return secrets === "source" ? { secret: source } : { secret: source, digest: digestOf(value.reveal()) };
  }
  if (value instanceof TextFile) return { text: digestOf(value.text()) };
  if (value instanceof WrittenJson) return { json: digestOf(value.value()) };
  if (value instanceof RegExp) return { pattern: String(value) };
  if (Array.isArray(value))
    return value.map((item: unknown) => (item === undefined ? null : plain(item, secrets)));
  if (value instanceof Set)
    return { set: [...value].map((item) => JSON.stringify(plain(item, secrets))).toSorted() };
  const entries = value instanceof Map ? [...value] : typeof value === "object" ? Object.entries(value) : [];
  const members: [string, Json][] = [];
  for (const [name, item] of entries as [unknown, unknown][]) {
    if (item === undefined || typeof item === "function") continue;
    members.push([typeof name === "string" ? name : JSON.stringify(plain(name)), plain(item, secrets)]);
  }
  return Object.fromEntries(members);
}
