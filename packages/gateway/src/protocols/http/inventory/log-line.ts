import type { ActSource, Found } from "../../../gate/inventory/seen.ts";
import { textLines } from "../../../kernel/text-lines.ts";
import { loggedAct } from "./logged.ts";

/** What a line of an access log says, as it stands there. */
export interface LogLine {
  /** Method and target, or why they cannot be read. */
  readonly request: RequestParts | string;
  /** Three digits; anything else stands for none. */
  readonly status: string;
  readonly by: string;
  /** The host that was called; empty, `-` or `_`: the log does not say. */
  readonly host: string;
  /** Milliseconds since the epoch; NaN: it is no time; undefined: the log does not say. */
  readonly at: number | undefined;
  readonly bodyBytes?: number | undefined;
}

/** What a request's line says, without the version. */
export interface RequestParts {
  readonly method: string;
  readonly target: string;
}

/** The longest line that is read, characters: servers take no request that would make a longer one. */
const MAX_LINE_CHARACTERS = 262_144;
const MAX_TARGET_CHARACTERS = 8192;
const MAX_NAME_CHARACTERS = 256;
/** How many lines are looked at to recognize a format. */
const LOOKED_AT = 20;
const BLANK = 0x20;

const methodForm = /^[A-Z]{3,16}$/;
/** What a path or a query holds (RFC 3986, sections 3.3 and 3.4), and the brackets that clients write in queries. */
const targetForm = /^\/[!$%&'()*+,\-./0-9:;=?@A-Z_a-z~[\]]*$/;
const absoluteForm = /^https?:\/\/([^/?#]*)(.*)$/is;
const versionForm = /^HTTP\/\d(?:\.\d)?$/;
const hostForm = /^(?:[a-z0-9_.~-]{1,255}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/;

/** What is told of a line that cannot be read. */
export const unread = (line: number, why: string): Found => ({ kind: "unread", line, why });

/** A copy of a part of a line: V8 keeps 13 characters or more as a reference into the piece of the file they were cut from. */
const own = (text: string): string => (text.length < 13 ? text : ` ${text}`.slice(1));

/** Takes a request's line apart: `GET /path HTTP/1.1`. @returns why it is none, where it is none */
export function readRequestLine(text: string): RequestParts | string {
  const first = text.indexOf(" ");
  const last = text.lastIndexOf(" ");
  if (first === last || !versionForm.test(text.slice(last + 1))) return "its request is no line of HTTP";
  return { method: text.slice(0, first), target: text.slice(first + 1, last) };
}

/** An address without the port, which is another for each connection of a client. */
export const clientOf = (address: string): string =>
  address.includes(":") ? address.replace(/^(?:([^:[\]]+)|\[(.*)\]):\d{1,5}$/, "$1$2") : address;

/** Whether a column or member says nothing. */
export const isNone = (text: string): boolean => text === "" || text === "-";

/**
 * The part of a target that a host names: in lower case, without the port that stands for none.
 * @returns undefined: none is named; false: it is no host
 */
function partOf(host: string): string | undefined | false {
  if (isNone(host) || /^_(?::\d+)?$/.test(host)) return undefined;
  const lower = host.toLowerCase();
  return hostForm.test(lower) && lower.replace(/:(?:80|443)$/, "");
}

/**
 * What a line comes to. A request that the server refused is `failed`, whatever else stands in its line: nobody needs it.
 * The host of an absolute target counts before the one of the line (RFC 9112, section 3.2.2).
 */
export function foundOf(line: number, logged: LogLine): Found {
  const { request, status, at } = logged;
  if (!/^[1-9]\d\d$/.test(status)) return unread(line, "no status: nobody knows whether it worked");
  const isUpgraded = status === "101";
  if (status >= "400") return { kind: "failed" };
  if (status < "200" && !isUpgraded) return unread(line, "its status is no answer");
  if (typeof request === "string") return unread(line, request);
  const { method } = request;
  let { target } = request;
  let { host } = logged;
  if (!methodForm.test(method)) return unread(line, "its method is none");
  if (method === "CONNECT" || target === "*")
    return unread(line, `${method}${target === "*" ? " *" : ""} is no request that an operation grants`);
  if (target.length > MAX_TARGET_CHARACTERS)
    return unread(line, `its target is longer than ${MAX_TARGET_CHARACTERS} characters`);
  const absolute = target.startsWith("/") ? null : absoluteForm.exec(target);
  if (absolute !== null) [, host = "", target = ""] = absolute;
  if (!target.startsWith("/")) return unread(line, "its target does not begin with a slash");
  if (!targetForm.test(target)) return unread(line, "its target holds a character that no target holds");
  const within = partOf(host);
  if (within === false || (absolute !== null && within === undefined))
    return unread(line, "its host is none");
  if (at !== undefined && !(at >= 0)) return unread(line, "its time is none");
  if (logged.by.length > MAX_NAME_CHARACTERS)
    return unread(line, `who made it is named with more than ${MAX_NAME_CHARACTERS} characters`);
  const act = loggedAct({
    method,
    target,
    bodyBytes: logged.bodyBytes,
    upgrade: isUpgraded ? "websocket" : undefined,
  });
  const seen: { act: string; by: string; within?: string; at?: number; times: number } = {
    act: own(act),
    by: own(logged.by),
    times: 1,
  };
  if (within !== undefined) seen.within = own(within);
  if (at !== undefined) seen.at = at;
  return { kind: "act", act: seen };
}

/** How a format of one request a line is read. */
interface LineFormat {
  readonly format: string;
  /** @returns why it cannot be read, where it cannot */
  readonly read: (text: string) => LogLine | string;
  /** Whether a line is of the format. */
  readonly isLine: (text: string) => boolean;
  /** Whether a line begins so that is longer than what is looked at. */
  readonly begins: (text: string) => boolean;
}

/** A source of the format. Empty lines are nothing. */
export function lineSource({ format, read, isLine, begins }: LineFormat): ActSource {
  async function* found(pieces: AsyncIterable<string>): AsyncGenerator<Found> {
    for await (const { text, line, cut } of textLines(pieces, MAX_LINE_CHARACTERS)) {
      if (cut) {
        yield unread(line, "the line is too long");
        continue;
      }
      if (!(text.charCodeAt(0) > BLANK) && text.trim() === "") continue;
      const logged = read(text);
      yield typeof logged === "string" ? unread(line, logged) : foundOf(line, logged);
    }
  }
  return {
    format,
    recognizes: (start) =>
      start.split("\n", LOOKED_AT).some((each) => isLine(each.endsWith("\r") ? each.slice(0, -1) : each)) ||
      (!start.includes("\n") && begins(start)),
    read: found,
  };
}
