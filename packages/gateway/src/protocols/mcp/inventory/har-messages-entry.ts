import type { Found, SeenAct } from "../../../gate/inventory/seen.ts";
import { isObject, type Members } from "../../../kernel/json-object.ts";
import { type Answer, readSent, type Sent } from "./message-sent.ts";
import { readTime } from "./message-time.ts";
import { mentionsMessage } from "./message-objects.ts";
import { ELSEWHERE, messagesInBody } from "./messages-in.ts";

/** What is remembered from one entry to the next. */
export interface HarSession {
  /** What the client of the last session that began calls itself. */
  client: string;
}

const nothing: Members = {};
const objectIn = (members: Members, name: string): Members => {
  const value = members[name];
  return isObject(value) ? value : nothing;
};

const decoded = (text: string): string => Buffer.from(text, "base64").toString("utf8");

/** Whether a body is an encoded message, though nothing says that it is encoded. */
const isEncodedMessage = (body: string): boolean =>
  /^[\w+/=\s-]+$/.test(body) && mentionsMessage(decoded(body));

/** A body's text; empty: there is none. */
function bodyOf(content: Members): string {
  const { text, encoding } = content;
  if (typeof text !== "string") return "";
  const isEncoded = typeof encoding === "string" && encoding.trim().toLowerCase() === "base64";
  return isEncoded ? decoded(text) : text;
}

/** Whether headers are those of a client of MCP (MCP, "Transports: Streamable HTTP"). */
function isOfMcp(request: Members): boolean {
  const { headers } = request;
  return (
    Array.isArray(headers) &&
    (headers as readonly unknown[]).some(
      (each) =>
        isObject(each) &&
        typeof each["name"] === "string" &&
        /^mcp-(?:session-id|protocol-version)$/i.test(each["name"]),
    )
  );
}

/** The messages of a request's body. @param isSure whether it must hold one */
function sentIn(body: string, isSure: boolean): readonly Sent[] {
  const all = Array.from(messagesInBody(body), (each): Sent =>
    typeof each === "string" ? { kind: "unread", why: each } : readSent(each, "client"),
  );
  const isMissed = all.length === 0 && ((isSure && body.trim() !== "") || isEncodedMessage(body));
  return isMissed ? [{ kind: "unread", why: ELSEWHERE }] : all;
}

/** The answers of a response, which is a message, a batch, or a stream of events. */
function answersIn(body: string): readonly Answer[] {
  const answers: Answer[] = [];
  for (const message of messagesInBody(body)) {
    const sent = typeof message === "string" ? undefined : readSent(message);
    if (sent?.kind === "answer") answers.push(sent);
  }
  return answers;
}

const isCall = (method: string): boolean => method === "tools/call";

/** What an entry comes to: nothing, where it is no client's message. @param number the first entry is 1 */
export function foundInEntry(number: number, entry: unknown, session: HarSession): readonly Found[] {
  const unread = (why: string): Found => ({ kind: "unread", line: number, why: `entry ${number}: ${why}` });
  if (!isObject(entry)) return [unread("it is no JSON object")];
  const [request, response] = [objectIn(entry, "request"), objectIn(entry, "response")];
  const { method } = request;
  if (typeof method !== "string" || method.toUpperCase() !== "POST") return [];
  const isRefused = Number(response["status"]) >= 400;
  const body = bodyOf(objectIn(request, "postData"));
  const isSure = isOfMcp(request);
  if (body === "" && isSure) return [isRefused ? { kind: "failed" } : unread("what was sent is not in it")];
  const all = sentIn(body, isSure);
  if (all.length === 0) return [];
  const answers = isRefused ? [] : answersIn(bodyOf(objectIn(response, "content")));
  const asked = new Map<string | number, number>();
  for (const sent of all)
    if (sent.kind === "asked" && sent.id !== undefined) asked.set(sent.id, (asked.get(sent.id) ?? 0) + 1);
  const answered = new Map<string | number, Answer[]>();
  for (const answer of answers) {
    const others = answered.get(answer.id);
    if (others === undefined) answered.set(answer.id, [answer]);
    else others.push(answer);
  }
  const at = readTime(entry["startedDateTime"]);
  return all.flatMap((sent): readonly Found[] => {
    if (sent.kind === "answer" || sent.kind === "nothing" || sent.kind === "cancelled") return [];
    if (isRefused) return [{ kind: "failed" }];
    if (sent.kind === "unread") return [unread(sent.why)];
    if (sent.client !== undefined) session.client = sent.client;
    const [answer, another] = sent.id === undefined ? [] : (answered.get(sent.id) ?? []);
    const isFailed = answer !== undefined && (answer.isError || (answer.isToolError && isCall(sent.method)));
    // Of an id that two have nobody knows whose answer it is.
    if (isFailed && another === undefined && asked.get(answer.id) === 1) return [{ kind: "failed" }];
    const act: SeenAct = { act: sent.act, by: session.client, times: 1 };
    return [{ kind: "act", act: at === undefined ? act : { ...act, at } }];
  });
}
