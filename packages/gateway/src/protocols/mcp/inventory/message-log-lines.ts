import { isObject, type Members } from "../../../kernel/json-object.ts";
import { objectsIn } from "./message-objects.ts";
import { messagesIn } from "./messages-in.ts";

/** How many lines that are not empty are looked at to recognize the format. */
const LOOKED_AT = 20;
/** The most that a log says before a message, characters. */
const MAX_WORDS = 300;
const BYTE_ORDER_MARK = "\uFEFF";
/** How a line begins that is longer than what is looked at. */
const beginning = /^\s*\[?\s*\{\s*"jsonrpc"\s*:\s*"2\.0"/;

/** What newer versions of Claude Desktop write of a message: not what it asks for. */
const summaryForm = /\bMessage from client: method="([^"]{1,200})"/;
const needsNothing = /^(?:initialize|ping|notifications\/.*|[a-z/]+\/list)$/;

/** Why a line that holds no message hides an act; undefined: it hides none. */
export function leftOut(line: string): string | undefined {
  const method = summaryForm.exec(line.slice(0, MAX_WORDS))?.[1];
  return method === undefined || needsNothing.test(method)
    ? undefined
    : "the log says that something was asked for, and not what";
}

/** Whether an object is a line of a log of another kind, which may hold whatever an agent sent. */
function isForeign(members: Members): boolean {
  const has = (name: string): boolean => Object.hasOwn(members, name);
  const { apiVersion } = members;
  return (
    (has("error_severity") && has("timestamp")) ||
    has("backend_type") ||
    (typeof apiVersion === "string" && apiVersion.startsWith("audit.k8s.io/")) ||
    (has("status") && ["request", "request_method", "request_uri", "uri", "method"].some(has))
  );
}

/** Whether a line holds a message; `foreign`: it is of another kind of log; `cut`: it may, but is longer than what is there. */
function looksLike(line: string): boolean | "foreign" | "cut" {
  const words = line.slice(0, line.indexOf("{"));
  // The words before a message are the recorder's. Logs in which others' text stands in quotes are of another kind.
  if (words.length > MAX_WORDS || words.includes('"')) return false;
  for (const { members } of objectsIn(line)) {
    if (members === undefined) return beginning.test(line) ? "cut" : false;
    if (!Object.hasOwn(members, "jsonrpc") && isForeign(members)) return "foreign";
    break;
  }
  for (const each of messagesIn(line)) {
    if ("why" in each) return false;
    const { jsonrpc, method, result, error } = each.message.value;
    if (jsonrpc === "2.0") return typeof method === "string" || result !== undefined || isObject(error);
  }
  return false;
}

/** Whether a text is a recording of messages, by its beginning. */
export function recognizesMessages(text: string): boolean {
  const lines = (text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(0, LOOKED_AT);
  const found = lines.map(looksLike);
  if (found.includes("foreign")) return false;
  return found.includes(true) || found[0] === "cut";
}
