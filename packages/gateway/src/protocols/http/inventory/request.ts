import { escapeInvisible } from "../../../kernel/invisible-characters.ts";
import { fateOf, isNeverListed } from "../request/headers.ts";
import { readPath } from "../request/path.ts";
import { judgeQuery } from "../request/query.ts";
import { METHODS } from "../request/template.ts";
import { formOf } from "./forms.ts";
import { isNameLike, isWordLike } from "./words.ts";

/** A segment of a path. */
export interface Segment {
  readonly raw: string;
  /** Decoded. */
  readonly text: string;
}

/** A parameter of a query, decoded. */
export interface Parameter {
  readonly name: string;
  readonly value: string;
}

/** A request that a log or a record says was made: what of it is known. */
export interface SeenRequest {
  readonly method: string;
  /** Path and query, to the byte. */
  readonly target: string;
  readonly segments: readonly Segment[];
  readonly parameters: readonly Parameter[];
  /** Names of headers that an operation must list, in lower case; undefined: the source says nothing of headers. */
  readonly headers: readonly string[] | undefined;
  /** Bytes of its body; `streamed`: nobody counted them; undefined: the source does not say whether there was one. */
  readonly body: number | "streamed" | undefined;
  /** The type of its body, in lower case and without parameters; undefined: the source does not say. */
  readonly type: string | undefined;
  /** Whether its body was compressed, say. */
  readonly isEncoded: boolean;
  /** Its body, where the source has it: JSON. */
  readonly json: string | undefined;
  readonly upgrade: string | undefined;
}

/** Why no operation can grant a request. */
export interface Ungrantable {
  readonly why: string;
}

/** The most segments and parameters that are looked at. */
const MAX_SEGMENTS = 64;
const MAX_PARAMETERS = 100;

/** The parts of an act's text: a request's head, whose `content-length` and `transfer-encoding` tell of the body, and the body. */
export function partsOf(act: string): Omit<SeenRequest, "segments" | "parameters"> {
  const gap = act.indexOf("\n\n");
  const [line = "", ...rest] = (gap === -1 ? act : act.slice(0, gap)).split("\n");
  const blank = line.indexOf(" ");
  const values = new Map<string, string>();
  for (const each of rest) {
    const colon = each.indexOf(":");
    if (colon > 0) values.set(each.slice(0, colon).toLowerCase(), each.slice(colon + 1).trim());
  }
  const length = values.get("content-length");
  const isStreamed = values.has("transfer-encoding");
  const type = values.get("content-type");
  const headers = [...values.keys()].filter((name) => fateOf(name, []) === "refuse").toSorted();
  return {
    method: line.slice(0, blank),
    target: line.slice(blank + 1),
    headers: values.has("host") ? headers : undefined,
    body: isStreamed ? "streamed" : length === undefined ? undefined : Number(length),
    type: type === "" ? undefined : type,
    isEncoded: values.has("content-encoding"),
    json: gap === -1 ? undefined : act.slice(gap + 2),
    upgrade: values.get("upgrade"),
  };
}

/**
 * Reads an act.
 * @param act `METHOD TARGET`, lines `name: value` for what else is known of it, and behind an empty line its body, if that is
 * JSON. Where `host` is among the lines, as each request has it (RFC 9112, section 3.2), so are all other headers.
 * @returns why no operation can grant it, where none can
 */
export function readSeenRequest(act: string): SeenRequest | Ungrantable {
  const head = partsOf(act);
  if (!METHODS.includes(head.method))
    return { why: `no operation has the method ${escapeInvisible(head.method.slice(0, 20))}` };
  const mark = head.target.indexOf("?");
  const path = readPath(mark === -1 ? head.target : head.target.slice(0, mark));
  if ("why" in path) return { why: path.why };
  const query = mark === -1 ? undefined : head.target.slice(mark + 1);
  if (path.segments.length > MAX_SEGMENTS) return { why: `its path has more than ${MAX_SEGMENTS} segments` };
  if (path.segments.some(({ raw }) => raw.includes("*")))
    return { why: "no template can say a path with a * in it" };
  if (query !== undefined && query.split("&").length > MAX_PARAMETERS)
    return { why: `its query has more than ${MAX_PARAMETERS} parameters` };
  const malformed = judgeQuery(query, "any");
  if (malformed !== undefined) return { why: malformed.why };
  if (query?.includes(";") === true) return { why: "the query holds a semicolon" };
  const parameters = parametersOf(query);
  const twice = parameters.find(({ name }, at) => parameters.findIndex((each) => each.name === name) < at);
  if (twice !== undefined) return { why: "a parameter stands twice, and no list of parameters takes that" };
  const never = head.headers?.find(isNeverListed);
  if (never !== undefined) return { why: `the header ${escapeInvisible(never.slice(0, 60))} is never taken` };
  const isBodiless = head.method === "GET" || head.method === "HEAD";
  if (isBodiless && head.headers !== undefined && head.body !== undefined && head.body !== 0)
    return { why: `${head.method} carries no body` };
  if (head.isEncoded && head.body !== 0) return { why: "an encoded body cannot be judged" };
  // What logs call the length of the content is the answer's now and then.
  const said = isBodiless && head.headers === undefined ? undefined : head.body;
  const body = head.json === undefined ? said : Buffer.byteLength(head.json);
  return { ...head, body, segments: path.segments, parameters };
}

/** @param query one that `judgeQuery` takes */
function parametersOf(query: string | undefined): readonly Parameter[] {
  if (query === undefined || query === "") return [];
  const decode = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));
  return query.split("&").map((pair) => {
    const equals = pair.indexOf("=");
    return equals === -1
      ? { name: decode(pair), value: "" }
      : { name: decode(pair.slice(0, equals)), value: decode(pair.slice(equals + 1)) };
  });
}

/** How much of a request is shown, in characters. */
const MAX_SHOWN = 160;

/**
 * A request for people: one line without values of parameters, and without segments that are called by no word.
 * @param act as `readSeenRequest` takes it, readable or not
 */
export function shownRequest(act: string): string {
  const { method, target } = partsOf(act);
  const [path = "", query] = target.split("?", 2);
  const segments = path
    .split("/")
    .map((raw) => (formOf(raw) === undefined && (raw === "" || isWordLike(raw)) ? raw : "…"));
  const names = (query ?? "")
    .split("&", 20)
    .map((pair) => pair.split("=", 1)[0] ?? "")
    .map((name) => (name === "" || isNameLike(name) ? name : "…"));
  const text = `${escapeInvisible(method.slice(0, 20))} ${segments.join("/")}${query === undefined ? "" : `?${names.join("&")}`}`;
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN - 1)}…`;
}
