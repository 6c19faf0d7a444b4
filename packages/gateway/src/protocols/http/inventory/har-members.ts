/** An object of a HAR, of which nothing else is known. */
export type HarObject = Readonly<Record<string, unknown>>;

/** Names of a request's headers in lower case, and the first value of each; none: the HAR says nothing of headers. */
export type HarHeaders = ReadonlyMap<string, string>;

export const isObject = (value: unknown): value is HarObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** A member that is an object; an empty one: it is left out, or no object. */
export function objectIn(members: HarObject, name: string): HarObject {
  const value = members[name];
  return isObject(value) ? value : {};
}

/** A member that is a text; empty: it is left out, or no text. */
export function textIn(members: HarObject, name: string): string {
  const value = members[name];
  return typeof value === "string" ? value : "";
}

const tokenForm = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/;

/**
 * Names that are none are left out: those that begin with a colon are HTTP/2's way to write a request's line, and its host
 * (RFC 9113, section 8.3.1).
 */
export function headersOf(request: HarObject): HarHeaders {
  const headers = new Map<string, string>();
  const { headers: all } = request;
  if (!Array.isArray(all)) return headers;
  for (const each of all as readonly unknown[]) {
    if (!isObject(each)) continue;
    const written = textIn(each, "name").toLowerCase();
    const name = written === ":authority" ? "host" : written;
    if (tokenForm.test(name) && !headers.has(name)) headers.set(name, textIn(each, "value"));
  }
  return headers;
}
