import type { ActSource } from "../../../gate/inventory/seen.ts";
import { isObject, type Members, readObject } from "../../../kernel/json-object.ts";
import { knownName, type MemberKind } from "./access-json-names.ts";
import {
  clientOf,
  isNone,
  lineSource,
  type LogLine,
  readRequestLine,
  type RequestParts,
} from "./log-line.ts";
import { readAnyTime } from "./log-line-time.ts";

const NO_REQUEST = "it tells of no request";

/** The values of each kind that an object names, the best names first. */
type Values = Map<MemberKind, { readonly rank: number; readonly text: string }[]>;

/** Collects what known names tell; of nested objects alone `request`, where Caddy has the request. */
function collect(members: Members, values: Values, isNested = false): void {
  for (const name of Object.keys(members)) {
    const known = knownName(name);
    if (known === undefined) continue;
    const value = members[name];
    if (known.kind === "line" && !isNested && isObject(value)) {
      collect(value, values, true);
      continue;
    }
    if (typeof value !== "string" && typeof value !== "number") continue;
    const text = String(value);
    if (isNone(text)) continue;
    const others = values.get(known.kind);
    if (others === undefined) values.set(known.kind, [{ rank: known.rank, text }]);
    else others.push({ rank: known.rank, text });
  }
}

const none: readonly string[] = [];

function textsOf(values: Values, kind: MemberKind): readonly string[] {
  const told = values.get(kind);
  if (told === undefined) return none;
  if (told.length > 1) told.sort((one, other) => one.rank - other.rank);
  return told.map(({ text }) => text);
}

/** The one text of a kind, where all that is told is the same; undefined: nothing is told; false: it differs. */
function oneOf(texts: readonly string[]): string | undefined | false {
  const [first] = texts;
  return texts.every((each) => each === first) && first;
}

const differ = (what: string): string => `it can be read in two ways: its members tell of two ${what}`;

/** A target with the query beside it, where there is none in it. @returns false: they tell of two queries */
function withQuery(target: string, query: string | undefined): string | false {
  if (query === undefined) return target;
  const mark = target.indexOf("?");
  const plain = query.startsWith("?") ? query.slice(1) : query;
  if (mark === -1) return plain === "" ? target : `${target}?${plain}`;
  return target.slice(mark + 1) === plain && target;
}

/** The one target of several: a path by itself is the same as the one with a query that has this path. */
function targetOf(targets: readonly string[], query: string | undefined): string | undefined | false {
  const whole = oneOf(targets.filter((each) => each.includes("?")));
  const path = oneOf(targets.filter((each) => !each.includes("?")));
  if (whole === false || path === false) return false;
  if (whole === undefined) return path === undefined ? undefined : withQuery(path, query);
  if (path !== undefined && whole.slice(0, whole.indexOf("?")) !== path) return false;
  return withQuery(whole, query);
}

/** Method and target, of a request's line or of members of their own; or why there are none. */
function requestOf(values: Values): RequestParts | string {
  const line = oneOf(textsOf(values, "line"));
  const query = oneOf(textsOf(values, "query"));
  if (line === false) return differ("requests");
  if (query === false) return differ("queries");
  const methods = [...textsOf(values, "method")];
  const targets = [...textsOf(values, "target")];
  if (line !== undefined) {
    const parts = readRequestLine(line);
    if (typeof parts === "string") return parts;
    methods.push(parts.method);
    targets.push(parts.target);
  }
  const method = oneOf(methods);
  if (method === false) return differ("methods");
  const target = targetOf(targets, query);
  if (target === false) return differ("targets");
  if (method === undefined || target === undefined) return NO_REQUEST;
  return { method, target };
}

/** The largest count of a body's bytes that is told. */
function bodyOf(values: Values): number {
  const counts = textsOf(values, "body").map(Number);
  return Math.max(0, ...counts.filter((each) => Number.isSafeInteger(each)));
}

function clientIn(values: Values): string {
  const [address = ""] = textsOf(values, "address");
  return clientOf(address.split(",", 1)[0]?.trim() ?? "");
}

function read(text: string): LogLine | string {
  const members = readObject(text);
  if (typeof members === "string") return members;
  const values: Values = new Map();
  collect(members, values);
  const status = oneOf(textsOf(values, "status"));
  if (status === false) return differ("statuses");
  const request = requestOf(values);
  if (request === NO_REQUEST && status === undefined) return "it is no request of an access log";
  const [user] = textsOf(values, "user");
  const [time] = textsOf(values, "time");
  const hosts = textsOf(values, "host");
  return {
    request,
    status: status ?? "",
    by: user ?? clientIn(values),
    host: hosts.find((each) => each !== "_") ?? "",
    at: time === undefined ? undefined : readAnyTime(time),
    bodyBytes: bodyOf(values),
  };
}

/** Whether names tell of a request, and of its answer where that is asked. */
const isRequest = (kinds: ReadonlySet<MemberKind>): boolean =>
  kinds.has("line") || (kinds.has("method") && kinds.has("target"));

function isLine(text: string): boolean {
  if (!text.trimStart().startsWith("{")) return false;
  const members = readObject(text);
  if (typeof members === "string") return false;
  const values: Values = new Map();
  collect(members, values);
  const kinds = new Set(values.keys());
  return kinds.has("status") && isRequest(kinds);
}

/** A line may be longer than what is looked at: then its names are all that is known. */
function begins(text: string): boolean {
  if (!text.trimStart().startsWith("{")) return false;
  const kinds = new Set<MemberKind>();
  for (const [, name = ""] of text.matchAll(/"([\w@-]{1,40})"\s*:\s*["\d]/g)) {
    const known = knownName(name);
    if (known !== undefined) kinds.add(known.kind);
  }
  return isRequest(kinds);
}

/**
 * Access logs of one JSON object a line: nginx's with `escape=json`, Envoy's, Istio's, Traefik's, Caddy's, and hand-made ones of
 * known names. Members that tell of two methods, targets or statuses make a line unreadable. Of several users, addresses,
 * hosts and times, which differ in honest logs, the best name counts; of several counts of a body's bytes, the largest.
 */
export const httpJson: ActSource = lineSource({ format: "http-json", read, isLine, begins });
