import { denialOf } from "../../gate/hints.ts";
import type { Denial, Verdict } from "../../gate/protocol.ts";
import { parseStrictJson } from "../../kernel/strict-json.ts";
import type { HttpAct, HttpBody } from "./act.ts";
import type { Compiled, CompiledBody } from "./compile.ts";
import { fateOf, isPlainConnection } from "./headers.ts";
import { readPath, type ReadPath } from "./path.ts";
import { judgeQuery, namesMethod } from "./query.ts";
import { covers } from "./template.ts";

/** How far a request came with one scope: the further, the better its denial tells what is amiss. */
const steps = ["requests", "websocket", "query", "headers", "body"] as const;
type Step = (typeof steps)[number];

/** A denial, or the scope that covers the request. */
export type Answer = { readonly scope: Compiled } | { readonly denial: Denial };

/** The largest nesting of a JSON body. */
const deepest = 64;

/** Splits a target into path and query, to the byte. */
export function splitTarget(target: string): { readonly path: string; readonly query: string | undefined } {
  const at = target.indexOf("?");
  return at === -1
    ? { path: target, query: undefined }
    : { path: target.slice(0, at), query: target.slice(at + 1) };
}

/** The values of one header, in order. */
function valuesOf(headers: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let i = 0; i + 1 < headers.length; i += 2)
    if (headers[i]?.toLowerCase() === name) values.push(headers[i + 1] ?? "");
  return values;
}

/** Text of a request that a person may read in a denial: bounded, and nothing that is not printable. */
function shown(text: string): string {
  const printable = text.replaceAll(/[^\x20-\x7e]/g, "?");
  return printable.length > 120 ? `${printable.slice(0, 120)}…` : printable;
}

/** What a grant covers, in words, for the hints of its denials. */
function coverWords(scopes: readonly Compiled[]): string {
  const covered = scopes
    .map(({ name, templates }) => `${name} (${templates.map(({ text }) => text).join(", ")})`)
    .join("; ");
  return covered.length > 600 ? `${covered.slice(0, 600)}…` : covered;
}

/** What is the same for every scope: a target and headers that can be read in one way only. */
function judgeForm(
  act: HttpAct,
): { readonly path: ReadPath } | { readonly rule: string; readonly why: string } {
  const path = readPath(splitTarget(act.target).path);
  if ("why" in path) return { rule: "path", why: path.why };
  for (let i = 0; i + 1 < act.headers.length; i += 2) {
    const name = (act.headers[i] ?? "").toLowerCase();
    const value = act.headers[i + 1] ?? "";
    if (name === "connection" && !isPlainConnection(value))
      return { rule: "headers", why: "the Connection header names other headers" };
    if (name === "te" && !/^\s*trailers\s*$/i.test(value))
      return { rule: "headers", why: "the only TE is trailers" };
  }
  if (valuesOf(act.headers, "content-type").length > 1)
    return { rule: "headers", why: "the request has two content types" };
  return { path };
}

function judgeUpgrade(act: HttpAct, scope: Compiled): string | undefined {
  if (act.upgrade === undefined) return undefined;
  if (act.upgrade !== "websocket") return `upgrading to ${shown(act.upgrade)} is never granted`;
  if (!scope.websocket) return "a WebSocket is not granted";
  if (act.method !== "GET") return "a WebSocket begins with GET";
  const [version] = valuesOf(act.headers, "sec-websocket-version");
  const [key = ""] = valuesOf(act.headers, "sec-websocket-key");
  // RFC 6455, section 4.2.1: version 13, and a key of 16 bytes.
  if (version !== "13" || !/^[A-Za-z0-9+/]{22}==$/.test(key)) return "the WebSocket's handshake is malformed";
  return act.body.kind === "none" ? undefined : "a WebSocket's handshake has no body";
}

function judgeHeaders(act: HttpAct, scope: Compiled): string | undefined {
  for (let i = 0; i + 1 < act.headers.length; i += 2) {
    const name = (act.headers[i] ?? "").toLowerCase();
    if (fateOf(name, scope.headers) === "refuse") return `the header ${shown(name)} is not listed`;
  }
  return undefined;
}

function isType(value: string, listed: readonly string[]): boolean {
  const type = /^\s*([^;\s]+)/.exec(value)?.[1]?.toLowerCase() ?? "";
  return listed.some((each) =>
    each.endsWith("/*") ? type.startsWith(each.slice(0, -1)) : type === each.toLowerCase(),
  );
}

function judgeBody(act: HttpAct, rule: CompiledBody | undefined): string | undefined {
  const { body } = act;
  if (body.kind === "none") {
    return rule?.check === undefined || act.method === "GET" || act.method === "HEAD"
      ? undefined
      : "a body is missing";
  }
  if (rule === undefined)
    return body.kind === "read" && body.bytes.length === 0 ? undefined : "no body is granted";
  if (act.method === "GET" || act.method === "HEAD") return `${act.method} carries no body`;
  const length = lengthOf(body);
  if (length !== undefined && length > rule.max) return `the body is larger than ${rule.max} bytes`;
  const [type] = valuesOf(act.headers, "content-type");
  if (type === undefined || !isType(type, rule.types))
    return `the content type is not ${rule.types.join(" or ")}`;
  if (/^\s*application\/x-www-form-urlencoded/i.test(type) && body.kind === "read") {
    const wrong = [...new URLSearchParams(body.bytes.toString("latin1")).keys()].some(namesMethod);
    if (wrong) return "a field of the body names another method than the request's";
  }
  if (!/[/+]json\b/i.test(type)) return rule.check === undefined ? undefined : "a schema judges JSON alone";
  if (valuesOf(act.headers, "content-encoding").length > 0) return "an encoded body cannot be judged";
  const charsets = type.match(/charset/gi)?.length ?? 0;
  if (charsets > 1 || (charsets === 1 && !/;\s*charset="?utf-8"?\s*(?:;|$)/i.test(type)))
    return "JSON is in UTF-8";
  if (body.kind === "stream")
    return rule.check === undefined ? undefined : "the body has to be read before it is judged";
  return judgeJson(body.bytes, rule);
}

function lengthOf(body: HttpBody): number | undefined {
  if (body.kind === "read") return body.bytes.length;
  return body.kind === "stream" ? body.length : 0;
}

function judgeJson(bytes: Buffer, rule: CompiledBody): string | undefined {
  let value: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    value = parseStrictJson(text, deepest);
  } catch {
    return "the body is no JSON that can be read in one way only";
  }
  if (typeof value === "object" && value !== null && Object.keys(value).some(namesMethod))
    return "a member of the body names another method than the request's";
  return rule.check?.(value);
}

/** How far a request comes with one scope: undefined when it covers it. */
function judgeBy(
  act: HttpAct,
  path: ReadPath,
  scope: Compiled,
): { readonly step: Step; readonly why: string } | undefined {
  if (!scope.templates.some((template) => covers(template, act.method, path)))
    return { step: "requests", why: `${shown(act.method)} ${shown(path.raw)} is not among its requests` };
  const found: readonly [Step, string | undefined][] = [
    ["websocket", judgeUpgrade(act, scope)],
    ["query", judgeQuery(splitTarget(act.target).query, scope.query)],
    ["headers", judgeHeaders(act, scope)],
    ["body", judgeBody(act, scope.body)],
  ];
  for (const [step, why] of found) if (why !== undefined) return { step, why };
  return undefined;
}

/** The scope of a grant that covers a request, or why none does: pure. */
export function judgeRequest(scopes: readonly Compiled[], act: HttpAct): Answer {
  const connection = scopes[0]?.name.split("/")[0] ?? "";
  const form = judgeForm(act);
  if ("rule" in form)
    return {
      denial: denialOf({
        rule: `${connection}: ${form.rule}`,
        message: `refused: ${form.why}`,
        remedy: "correct",
        connection,
      }),
    };
  let nearest: { readonly step: Step; readonly why: string; readonly name: string } | undefined;
  for (const scope of scopes) {
    const failed = judgeBy(act, form.path, scope);
    if (failed === undefined) return { scope };
    if (nearest === undefined || steps.indexOf(failed.step) > steps.indexOf(nearest.step))
      nearest = { ...failed, name: scope.name };
  }
  const { step, why, name } = nearest ?? {
    step: "requests" as const,
    why: "nothing is granted",
    name: connection,
  };
  return {
    denial: denialOf({
      rule: `${name}: ${step}`,
      message: `refused: ${why}`,
      remedy: "ask",
      covers: coverWords(scopes),
      near: steps.indexOf(step) > 0,
      connection,
    }),
  };
}

/** The same as a verdict, for the gate. */
export function verdictOf(scopes: readonly Compiled[], act: HttpAct): Verdict {
  const answer = judgeRequest(scopes, act);
  if ("denial" in answer) return { verdict: "deny", denial: answer.denial };
  const { name, budget } = answer.scope;
  return { verdict: "permit", operation: name, ...(budget === undefined ? {} : { budget }) };
}

/**
 * The scope by which a request's body has to be read before it is judged: the first that covers its method and path
 * and takes a body.
 */
export function bodyRuleOf(
  scopes: readonly Compiled[],
  method: string,
  target: string,
): CompiledBody | undefined {
  const path = readPath(splitTarget(target).path);
  if ("why" in path) return undefined;
  const matching = scopes.filter(({ templates }) => templates.some((each) => covers(each, method, path)));
  const bodies = matching.flatMap(({ body }) => (body === undefined ? [] : [body]));
  if (bodies.length === 0) return undefined;
  // Any of them may be the one that decides: read if one has to, up to the largest.
  return {
    check: bodies.find(({ check }) => check !== undefined)?.check,
    max: Math.max(...bodies.map(({ max }) => max)),
    types: bodies.flatMap(({ types }) => types),
  };
}
