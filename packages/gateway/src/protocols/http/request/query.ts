import type { RE2JS } from "re2js";
import { type Objection, notGranted, wrong } from "../../../gate/hints.ts";

/** Which query parameters an operation takes: any, or those named, each with a pattern or without. */
export type QueryRule = "any" | ReadonlyMap<string, RE2JS | undefined>;

/** Parameters that frameworks take for another method, or for another path, than the request's own. */
const overrides =
  /^(?:_method|_http_?method|http_?method|x_http_method(?:_override)?|x_method_override|x_method|method_override|_method_override|http_method_override|\$method)$/i;
const MAX_QUERY_CHARACTERS = 8192;

/**
 * Whether a parameter or a member of a body stands for another method than the request's own. PHP reads spaces, dots and
 * brackets in a name as underscores; others take `[name]` and `name[]` for `name`; some normalise Unicode.
 */
export function namesMethod(name: string): boolean {
  const plain = name.normalize("NFKC").trim();
  const root = plain.split(/[[\]]/).find((part) => part.trim() !== "") ?? "";
  return [plain, root.trim()].some((each) => overrides.test(each.replaceAll(/[ .[-]/g, "_")));
}

function decode(part: string): string | undefined {
  if (/%(?![0-9A-Fa-f]{2})/.test(part)) return undefined;
  try {
    // application/x-www-form-urlencoded: a plus sign is a space.
    return decodeURIComponent(part.replaceAll("+", " "));
  } catch {
    return undefined;
  }
}

/**
 * Judges a query to the byte.
 * @param raw without the question mark; undefined when there is none
 * @returns why it is refused, or undefined
 */
export function judgeQuery(raw: string | undefined, rule: QueryRule): Objection | undefined {
  if (raw === undefined || raw === "") return undefined;
  if (raw.length > MAX_QUERY_CHARACTERS)
    return wrong(`the query is longer than ${MAX_QUERY_CHARACTERS} characters`);
  if (!/^[!$%&'()*+,\-./0-9:;=?@A-Z_a-z~[\]]*$/.test(raw))
    return wrong("the query holds a character that no query holds");
  const seen = new Set<string>();
  for (const pair of raw.split("&")) {
    const equals = pair.indexOf("=");
    const name = decode(equals === -1 ? pair : pair.slice(0, equals));
    const value = decode(equals === -1 ? "" : pair.slice(equals + 1));
    if (name === undefined || value === undefined)
      return wrong("the query holds an encoding that is not valid UTF-8");
    // oxlint-disable-next-line no-control-regex -- control characters are what it looks for
    if (/[\u0000-\u001f\u007f]/.test(name) || value.includes("\0"))
      return wrong("the query holds a control character");
    // Some readers split at a semicolon too.
    for (const each of pair.split(";")) {
      const named = decode(each.split("=")[0] ?? "");
      if (named === undefined || namesMethod(named))
        return wrong("a parameter names another method than the request's");
    }
    if (rule === "any") continue;
    if (pair.includes(";")) return notGranted("the query holds a semicolon");
    if (!rule.has(name))
      return notGranted(`the parameter ${JSON.stringify(name.slice(0, 64))} is not listed`);
    if (seen.has(name)) return notGranted(`the parameter ${name} stands twice`);
    seen.add(name);
    if (rule.get(name)?.testExact(value) === false)
      return notGranted(`the value of ${name} does not match its pattern`);
  }
  return undefined;
}
