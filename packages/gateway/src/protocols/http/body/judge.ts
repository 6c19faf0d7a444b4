import { type Objection, notGranted, wrong } from "../../../gate/hints.ts";
import { valuesOf } from "../../../gate/web/request-head.ts";
import { hasExactNumbers, parseStrictJson } from "../../../kernel/strict-json.ts";
import type { HttpAct, HttpBody } from "../act.ts";
import type { CompiledBody } from "../compile.ts";
import { judgeForm } from "./form.ts";
import { formOf, readMediaType, type MediaType } from "./media-type.ts";
import { judgeMultipart } from "./multipart.ts";
import { namesMethod } from "../request/query.ts";

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
): Objection | undefined {
  const { body } = act;
  if (body.kind === "none" || (body.kind === "read" && body.bytes.length === 0))
    return rule?.check === undefined || act.method === "GET" || act.method === "HEAD"
      ? undefined
      : wrong("a body is missing");
  if (rule === undefined) return notGranted("no body is granted");
  if (act.method === "GET" || act.method === "HEAD") return wrong(`${act.method} carries no body`);
  const length = lengthOf(body);
  if (length !== undefined && length > rule.max)
    return notGranted(`the body is larger than ${rule.max} bytes`);
  const [given] = valuesOf(act.headers, "content-type");
  const type = given === undefined ? undefined : readMediaType(given);
  if (given !== undefined && type === undefined) return wrong("the content type is malformed");
  if (type === undefined || !isListed(type, rule.types))
    return notGranted(`the content type is not ${rule.types.join(" or ")}`);
  const form = formOf(type.essence);
  if (rule.check !== undefined && form !== "json") return notGranted("a schema judges JSON alone");
  if (form === "opaque") return undefined;
  if (valuesOf(act.headers, "content-encoding").length > 0) return wrong("an encoded body cannot be judged");
  const charset = type.parameters.get("charset");
  if (charset !== undefined && !/^utf-8$/i.test(charset)) return wrong("the body is not in UTF-8");
  if (body.kind === "stream") return notGranted("the body has to be read before it is judged");
  const { maxCost = Number.POSITIVE_INFINITY } = body;
  // Of an operation that is only looked at for a hint.
  if ((rule.schema?.cost(body.bytes.length) ?? 0) > maxCost) return notGranted("the body was not judged");
  if (form === "form") return misread(judgeForm(body.bytes));
  if (form === "multipart") return misread(judgeMultipart(body.bytes, type));
  return form === "json" ? judgeJson(body.bytes, rule) : judgeJsonLines(body.bytes, rule);
}

/** A body that can be read in two ways is one under every operation. */
function misread(why: string | undefined): Objection | undefined {
  return why === undefined ? undefined : wrong(why);
}

function lengthOf(body: HttpBody): number | undefined {
  if (body.kind === "read") return body.bytes.length;
  return body.kind === "stream" ? body.length : 0;
}

/** The most values of one JSON body: each takes far more memory than its bytes. */
const MAX_JSON_VALUES = 1_000_000;

/** Whether a text may hold more values than that: each but the first stands behind one of these, wherever they stand. */
function holdsTooMuch(bytes: Buffer): boolean {
  if (bytes.length <= MAX_JSON_VALUES) return false;
  let count = 0;
  for (const byte of bytes) if (byte === 0x2c || byte === 0x5b || byte === 0x7b) count += 1;
  return count > MAX_JSON_VALUES;
}

function judgeJson(bytes: Buffer, rule: CompiledBody): Objection | undefined {
  if (holdsTooMuch(bytes)) return wrong("the body holds more values than can be judged");
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = parseStrictJson(text, MAX_JSON_DEPTH);
  } catch {
    return wrong("the body is no JSON that can be read in one way only");
  }
  if (typeof value === "object" && value !== null && Object.keys(value).some(namesMethod))
    return wrong("a member of the body names another method than the request's");
  if (rule.check === undefined) return undefined;
  if (!hasExactNumbers(text)) return wrong("the body holds a number with more digits than can be judged");
  const why = rule.check(value);
  return why === undefined ? undefined : notGranted(why);
}

function judgeJsonLines(bytes: Buffer, rule: CompiledBody): Objection | undefined {
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
