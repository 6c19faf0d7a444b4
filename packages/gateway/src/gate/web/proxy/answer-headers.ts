import { headersDown } from "./headers-down.ts";

/**
 * What the name of a header says that tells of an answer's bytes: it is not true of them once a value is masked, or too much,
 * since whoever guesses a value can compare. Stores and frameworks have names of their own (`x-amz-checksum-sha256`, `oc-etag`).
 */
const ofBytes =
  /^(?:accept-ranges|content-encoding|signature|signature-input)$|content-length|digest|etag|hash|checksum|crc-?(?:32|64)|md5|sha-?(?:1|2|3|5)/;

/** Whether a header is left out of an answer whose values are masked. @param name in lower case */
function isInvalidatedByMasking(name: string): boolean {
  return ofBytes.test(name);
}
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

/** Headers, names and values in turn, without those that tell of an answer's bytes. */
export function withoutBytes(flat: readonly string[]): string[] {
  return flat.filter((_, at) => !isInvalidatedByMasking(flat[at - (at % 2)] ?? ""));
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
