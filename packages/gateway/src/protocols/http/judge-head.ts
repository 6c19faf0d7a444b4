import { type Objection, neverGranted, notGranted, wrong } from "../../gate/hints.ts";
import { choosesRepresentation } from "../../gate/web/proxy/response-filter.ts";
import { webSocketKey } from "../../gate/web/websocket/handshake.ts";
import type { ForwardedHeaders, HttpAct, RequestLine } from "./act.ts";
import type { Compiled, CompiledBody } from "./compile.ts";
import { fateOf, isNeverListed, isPlainConnection } from "./request/headers.ts";
import { readPath, type ReadPath } from "./request/path.ts";
import { judgeQuery } from "./request/query.ts";
import { covers, METHODS, type Template } from "./request/template.ts";

/** How far a request came with one scope: the further, the better its denial tells what is amiss. */
export const STEPS = ["requests", "websocket", "query", "headers", "response", "body"] as const;
export type Step = (typeof STEPS)[number];

/** Why one scope does not cover a request. */
export interface Failure extends Objection {
  readonly step: Step;
  /** The scope. */
  readonly name: string;
}

/** A scope that covers a request as far as its head tells. */
export interface Candidate {
  readonly scope: Compiled;
  readonly template: Template;
  readonly headers: ForwardedHeaders;
}

/** A request judged by its head. What is left is its body, by the candidates in their order. */
export interface JudgedHead {
  /** By which scopes it was judged. */
  readonly scopes: readonly Compiled[];
  readonly request: RequestLine;
  /** What is wrong with it whatever is granted. */
  readonly malformed: { readonly rule: string; readonly why: string } | undefined;
  readonly candidates: readonly Candidate[];
  /** How the nearest of the other scopes failed. */
  readonly nearest: Failure | undefined;
  /** The rules of the scopes that cover its method and path: one of them may judge its body. */
  readonly bodies: readonly CompiledBody[];
}

/** What of a request its head says. */
export type RequestHead = Pick<HttpAct, "method" | "target" | "headers" | "upgrade">;

/** Splits a target into path and query, to the byte. */
function splitTarget(target: string): RequestLine {
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

/** What is wrong with headers whatever is granted: each can be read in one way only. */
function judgeHeaderForm(names: readonly string[], headers: readonly string[]): string | undefined {
  let contentTypes = 0;
  for (const [at, name] of names.entries()) {
    const value = headers[at * 2 + 1] ?? "";
    if (name === "connection" && !isPlainConnection(value))
      return "the Connection header names other headers";
    if (name === "te" && !/^\s*trailers\s*$/i.test(value)) return "the only TE is trailers";
    if (name === "content-type") contentTypes += 1;
  }
  return contentTypes > 1 ? "the request has two content types" : undefined;
}

function judgeUpgrade(head: RequestHead, scope: Compiled): Objection | undefined {
  if (head.upgrade === undefined) return undefined;
  if (head.upgrade !== "websocket")
    return neverGranted(`upgrading to ${shown(head.upgrade)} is never granted`);
  if (!scope.websocket) return notGranted("a WebSocket is not granted");
  if (head.method !== "GET") return wrong("a WebSocket begins with GET");
  return webSocketKey(head.headers) === undefined
    ? wrong("the WebSocket's handshake is malformed")
    : undefined;
}

/** The headers that go upstream by a scope, or the one by which the request is refused. */
function judgeHeaders(
  head: RequestHead,
  names: readonly string[],
  scope: Compiled,
): ForwardedHeaders | Objection {
  const up = { raw: [] as string[], names: [] as string[], values: [] as string[] };
  for (const [at, name] of names.entries()) {
    const fate = fateOf(name, scope.headers);
    if (fate === "drop") continue;
    if (fate === "refuse")
      return isNeverListed(name)
        ? neverGranted(`the header ${shown(name)} is never taken`)
        : notGranted(`the header ${shown(name)} is not listed`);
    // With a mask the representation is the gateway's to choose.
    if (scope.mask !== undefined && choosesRepresentation(name)) continue;
    // Extensions would change what a frame's bits mean; the relay follows plain frames.
    if (head.upgrade !== undefined && name === "sec-websocket-extensions") continue;
    up.raw.push(head.headers[at * 2] ?? "");
    up.names.push(name);
    up.values.push(head.headers[at * 2 + 1] ?? "");
  }
  return up;
}

/** With a mask, whether a guessed ETag is the one would tell what the answer holds. */
function judgeGuess(names: readonly string[], scope: Compiled): Objection | undefined {
  return scope.mask !== undefined && names.includes("if-match")
    ? notGranted("with a mask If-Match is not taken")
    : undefined;
}

/** Judges a head by one scope whose template it matches. */
function judgeBy(
  head: RequestHead,
  names: readonly string[],
  query: string | undefined,
  scope: Compiled,
  template: Template,
): Candidate | Failure {
  const { name } = scope;
  const upgrade = judgeUpgrade(head, scope);
  if (upgrade !== undefined) return { step: "websocket", name, ...upgrade };
  const parameters = judgeQuery(query, scope.query);
  if (parameters !== undefined) return { step: "query", name, ...parameters };
  const headers = judgeHeaders(head, names, scope);
  if ("why" in headers) return { step: "headers", name, ...headers };
  const guess = judgeGuess(names, scope);
  return guess === undefined ? { scope, template, headers } : { step: "response", name, ...guess };
}

/** Why no template of a scope matches. */
function unmatched({ method }: RequestHead, path: ReadPath): Objection {
  return METHODS.includes(method)
    ? notGranted(`${shown(method)} ${shown(path.raw)} is not among its requests`)
    : neverGranted(`the method ${shown(method)} is never granted`);
}

/** The further of two failures. */
export function nearer(one: Failure | undefined, other: Failure): Failure {
  return one === undefined || STEPS.indexOf(other.step) > STEPS.indexOf(one.step) ? other : one;
}

/** Judges a request's head by a grant's scopes: pure. */
export function judgeHead(scopes: readonly Compiled[], head: RequestHead): JudgedHead {
  const request = splitTarget(head.target);
  const malformed = (rule: string, why: string): JudgedHead => ({
    scopes,
    request,
    malformed: { rule, why },
    candidates: [],
    nearest: undefined,
    bodies: [],
  });
  const path = readPath(request.path);
  if ("why" in path) return malformed("path", path.why);
  const names: string[] = [];
  for (let i = 0; i + 1 < head.headers.length; i += 2) names.push((head.headers[i] ?? "").toLowerCase());
  const why = judgeHeaderForm(names, head.headers);
  const candidates: Candidate[] = [];
  const bodies: CompiledBody[] = [];
  let nearest: Failure | undefined;
  for (const scope of scopes) {
    const template = METHODS.includes(head.method)
      ? scope.templates.find((each) => covers(each, head.method, path))
      : undefined;
    if (template === undefined) {
      nearest = nearer(nearest, { step: "requests", name: scope.name, ...unmatched(head, path) });
      continue;
    }
    if (scope.body !== undefined) bodies.push(scope.body);
    const judged = judgeBy(head, names, request.query, scope, template);
    if ("step" in judged) nearest = nearer(nearest, judged);
    else candidates.push(judged);
  }
  return why === undefined
    ? { scopes, request, malformed: undefined, candidates, nearest, bodies }
    : { ...malformed("headers", why), bodies };
}

/**
 * The rule by which a request's body is read before it is judged. Any of several may be the one that decides: it is read
 * whole if one has to see it whole, up to the largest.
 */
export function bodyRuleOf({ bodies }: JudgedHead): CompiledBody | undefined {
  if (bodies.length <= 1) return bodies[0];
  return {
    schema: undefined,
    check: bodies.find(({ check }) => check !== undefined)?.check,
    max: Math.max(...bodies.map(({ max }) => max)),
    types: bodies.flatMap(({ types }) => types),
  };
}
