import { headersDown } from "./headers-down.ts";

/** Headers that say something of an answer's bytes that is not true of them, or too much, once a value is masked. */
export const invalidatedByMasking: ReadonlySet<string> = new Set([
  "accept-ranges",
  "content-digest",
  "content-encoding",
  "content-length",
  "content-md5",
  "digest",
  "etag",
  "repr-digest",
  "signature",
  "signature-input",
  "x-content-length",
  "x-goog-hash",
]);
/** Fields that RFC 9110, section 6.5.1, keeps out of trailers, as far as a client could act on them. */
const notTrailers: ReadonlySet<string> = new Set([
  "authorization",
  "content-encoding",
  "content-length",
  "content-range",
  "content-type",
  "location",
  "set-cookie",
  "trailer",
  "www-authenticate",
]);

/** Headers, names and values in turn, without those of some names. */
export function without(flat: readonly string[], names: ReadonlySet<string>): string[] {
  return flat.filter((_, at) => !names.has(flat[at - (at % 2)] ?? ""));
}

/** The fields of a trailer section that come down, each with its value. */
export function trailersDown(trailers: readonly string[], drop: ReadonlySet<string>): [string, string][] {
  const flat = headersDown(trailers, [], drop);
  const fields: [string, string][] = [];
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const [name = "", value = ""] = flat.slice(at, at + 2);
    if (!notTrailers.has(name)) fields.push([name, value]);
  }
  return fields;
}

/** Fields by their name, those of one name together. */
export function gathered(fields: readonly (readonly [string, string])[]): Record<string, string> {
  const all: Record<string, string> = {};
  for (const [name, value] of fields) all[name] = name in all ? `${all[name]}, ${value}` : value;
  return all;
}
