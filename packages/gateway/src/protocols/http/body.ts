import { valuesOf } from "../../gate/web/head.ts";
import { hasExactNumbers, parseStrictJson } from "../../kernel/strict-json.ts";
import type { HttpAct, HttpBody } from "./act.ts";
import type { CompiledBody } from "./compile.ts";
import { judgeForm } from "./form-body.ts";
import { formOf, readMediaType, type MediaType } from "./media-type.ts";
import { judgeMultipart } from "./multipart-body.ts";
import { namesMethod } from "./query.ts";

/** The largest nesting of a JSON body. */
const MAX_JSON_DEPTH = 64;

function isListed({ essence }: MediaType, listed: readonly string[]): boolean {
  return listed.some((each) =>
    each.endsWith("/*") ? essence.startsWith(each.slice(0, -1)) : essence === each.toLowerCase(),
  );
}

/** Whether a body has to be whole before it is judged: whatever its type says may hold what is refused. */
export function isJudgedWhole(headers: readonly string[], rule: CompiledBody): boolean {
  if (rule.check !== undefined) return true;
  const type = readMediaType(valuesOf(headers, "content-type")[0] ?? "");
  return type !== undefined && isListed(type, rule.types) && formOf(type.essence) !== "opaque";
}

/** Why a request's body is refused, or undefined. How it was framed says nothing here. */
export function judgeBody(
  act: Pick<HttpAct, "method" | "headers" | "body">,
  rule: CompiledBody | undefined,
): string | undefined {
  const { body } = act;
  if (body.kind === "read" && body.found !== undefined && rule !== undefined)
    return body.found.has(rule) ? body.found.get(rule) : "the body was not judged";
  if (body.kind === "none" || (body.kind === "read" && body.bytes.length === 0))
    return rule?.check === undefined || act.method === "GET" || act.method === "HEAD"
      ? undefined
      : "a body is missing";
  if (rule === undefined) return "no body is granted";
  if (act.method === "GET" || act.method === "HEAD") return `${act.method} carries no body`;
  const length = lengthOf(body);
  if (length !== undefined && length > rule.max) return `the body is larger than ${rule.max} bytes`;
  const [given] = valuesOf(act.headers, "content-type");
  const type = given === undefined ? undefined : readMediaType(given);
  if (given !== undefined && type === undefined) return "the content type is malformed";
  if (type === undefined || !isListed(type, rule.types))
    return `the content type is not ${rule.types.join(" or ")}`;
  const form = formOf(type.essence);
  if (form === "opaque") return rule.check === undefined ? undefined : "a schema judges JSON alone";
  if (rule.check !== undefined && form !== "json") return "a schema judges JSON alone";
  if (valuesOf(act.headers, "content-encoding").length > 0) return "an encoded body cannot be judged";
  const charset = type.parameters.get("charset");
  if (charset !== undefined && !/^utf-8$/i.test(charset)) return "the body is not in UTF-8";
  if (body.kind === "stream") return "the body has to be read before it is judged";
  if (form === "form") return judgeForm(body.bytes);
  if (form === "multipart") return judgeMultipart(body.bytes, type);
  return form === "json" ? judgeJson(body.bytes, rule) : judgeJsonLines(body.bytes, rule);
}

function lengthOf(body: HttpBody): number | undefined {
  if (body.kind === "read") return body.bytes.length;
  return body.kind === "stream" ? body.length : 0;
}

function judgeJson(bytes: Buffer, rule: CompiledBody): string | undefined {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = parseStrictJson(text, MAX_JSON_DEPTH);
  } catch {
    return "the body is no JSON that can be read in one way only";
  }
  if (typeof value === "object" && value !== null && Object.keys(value).some(namesMethod))
    return "a member of the body names another method than the request's";
  if (rule.check === undefined) return undefined;
  if (!hasExactNumbers(text)) return "the body holds a number with more digits than can be judged";
  return rule.check(value);
}

function judgeJsonLines(bytes: Buffer, rule: CompiledBody): string | undefined {
  // A line feed and a record separator stand raw in no JSON text but between two of them (RFC 8259, section 7).
  let from = 0;
  for (let at = 0; at <= bytes.length; at += 1) {
    if (at < bytes.length && bytes[at] !== 0x0a && bytes[at] !== 0x1e) continue;
    const line = bytes.subarray(from, at);
    from = at + 1;
    if (/^[ \t\r]*$/.test(line.toString("latin1"))) continue;
    const problem = judgeJson(line, rule);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
