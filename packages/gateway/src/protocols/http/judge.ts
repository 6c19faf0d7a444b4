import { type Amiss, denialOf, neverGranted, notGranted, wrong } from "../../gate/hints.ts";
import type { Denial, Verdict } from "../../gate/protocol.ts";
import { valuesOf } from "../../gate/web/head.ts";
import type { HttpAct } from "./act.ts";
import type { Compiled, CompiledBody } from "./compile.ts";
import { judgeBody } from "./body.ts";
import { fateOf, isNeverListed, isPlainConnection } from "./headers.ts";
import { readPath, type ReadPath } from "./path.ts";
import { judgeQuery, namesOf } from "./query.ts";
import { covers, METHODS } from "./template.ts";

/** How far a request came with one scope: the further, the better its denial tells what is amiss. */
const steps = ["requests", "websocket", "query", "headers", "response", "body"] as const;
type Step = (typeof steps)[number];

/** A denial, or the scope that covers the request. */
export type Answer = { readonly scope: Compiled } | { readonly denial: Denial };

/** Splits a target into path and query, to the byte. */
export function splitTarget(target: string): { readonly path: string; readonly query: string | undefined } {
  const at = target.indexOf("?");
  return at === -1
    ? { path: target, query: undefined }
    : { path: target.slice(0, at), query: target.slice(at + 1) };
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

function judgeUpgrade(act: HttpAct, scope: Compiled): Amiss | undefined {
  if (act.upgrade === undefined) return undefined;
  if (act.upgrade !== "websocket") return neverGranted(`upgrading to ${shown(act.upgrade)} is never granted`);
  if (!scope.websocket) return notGranted("a WebSocket is not granted");
  if (act.method !== "GET") return wrong("a WebSocket begins with GET");
  const [version] = valuesOf(act.headers, "sec-websocket-version");
  const [key = ""] = valuesOf(act.headers, "sec-websocket-key");
  // RFC 6455, section 4.2.1: version 13, and a key of 16 bytes.
  if (version !== "13" || !/^[A-Za-z0-9+/]{22}==$/.test(key))
    return wrong("the WebSocket's handshake is malformed");
  return act.body.kind === "none" ? undefined : wrong("a WebSocket's handshake has no body");
}

function judgeHeaders(act: HttpAct, scope: Compiled): Amiss | undefined {
  for (let i = 0; i + 1 < act.headers.length; i += 2) {
    const name = (act.headers[i] ?? "").toLowerCase();
    if (isNeverListed(name)) return neverGranted(`the header ${shown(name)} is never taken`);
    if (fateOf(name, scope.headers) === "refuse")
      return notGranted(`the header ${shown(name)} is not listed`);
  }
  return undefined;
}

/** Parameters by which APIs let a client choose a representation: of any parameters, these are not taken with a mask. */
const choosing =
  /^[$_:.]?(?:format|fmt|alt|accept|output|output_?format|response_?format|representation|media_?type|mime_?type|content_?type|callback|jsonp|json_?callback|json_?p|cb|envelope|view|wt|serializer|serialization|shape|layout|pretty_?print_?format|xml|csv|yaml|select|compute|apply|transform|projection|jq|jmes_?path|json_?path|json_?query|xpath|template|flatten|flat|rename|aliases|key_?format|key_?case|case|naming|style)$/i;

/** With a mask the representation is the gateway's to choose. */
function judgeChoice(act: HttpAct, scope: Compiled): Amiss | undefined {
  if (scope.mask === undefined) return undefined;
  // Whether a guessed ETag is the one tells what the answer holds.
  if (valuesOf(act.headers, "if-match").length > 0) return notGranted("with a mask If-Match is not taken");
  if (scope.query !== "any") return undefined;
  const name = namesOf(splitTarget(act.target).query).find((each) => choosing.test(each.trim()));
  return name === undefined
    ? undefined
    : notGranted(`with a mask the parameter ${shown(name)} is taken where query lists it`);
}

/** How far a request comes with one scope: undefined when it covers it. */
function judgeBy(
  act: HttpAct,
  path: ReadPath,
  scope: Compiled,
): (Amiss & { readonly step: Step }) | undefined {
  if (!METHODS.includes(act.method))
    return { step: "requests", ...neverGranted(`the method ${shown(act.method)} is never granted`) };
  if (!scope.templates.some((template) => covers(template, act.method, path)))
    return {
      step: "requests",
      ...notGranted(`${shown(act.method)} ${shown(path.raw)} is not among its requests`),
    };
  const found: readonly [Step, Amiss | undefined][] = [
    ["websocket", judgeUpgrade(act, scope)],
    ["query", judgeQuery(splitTarget(act.target).query, scope.query)],
    ["headers", judgeHeaders(act, scope)],
    ["response", judgeChoice(act, scope)],
    ["body", judgeBody(act, scope.body)],
  ];
  for (const [step, amiss] of found) if (amiss !== undefined) return { step, ...amiss };
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
  let nearest: (Amiss & { readonly step: Step; readonly name: string }) | undefined;
  for (const scope of scopes) {
    const failed = judgeBy(act, form.path, scope);
    if (failed === undefined) return { scope };
    if (nearest === undefined || steps.indexOf(failed.step) > steps.indexOf(nearest.step))
      nearest = { ...failed, name: scope.name };
  }
  const { step, why, remedy, name } = nearest ?? {
    step: "requests" as const,
    ...notGranted("nothing is granted"),
    name: connection,
  };
  return {
    denial: denialOf({
      rule: `${name}: ${step}`,
      message: `refused: ${why}`,
      remedy,
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

/** The rules of the scopes that cover a request's method and path, by which its body may be judged. */
export function bodyRulesOf(
  scopes: readonly Compiled[],
  { method, target }: Pick<HttpAct, "method" | "target">,
): readonly CompiledBody[] {
  const path = readPath(splitTarget(target).path);
  if ("why" in path) return [];
  return scopes
    .filter(({ templates }) => templates.some((each) => covers(each, method, path)))
    .flatMap(({ body }) => (body === undefined ? [] : [body]));
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
  const bodies = bodyRulesOf(scopes, { method, target });
  if (bodies.length === 0) return undefined;
  // Any of them may be the one that decides: read if one has to, up to the largest.
  return {
    schema: undefined,
    check: bodies.find(({ check }) => check !== undefined)?.check,
    max: Math.max(...bodies.map(({ max }) => max)),
    types: bodies.flatMap(({ types }) => types),
  };
}
