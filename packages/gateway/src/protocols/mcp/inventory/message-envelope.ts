import type { Members } from "../../../kernel/json-object.ts";
import { shownName } from "./message-sent.ts";
import { firstTime, readTime } from "./message-time.ts";

/** What a recording tells of a message beside it. */
export interface Told {
  /** Milliseconds since the epoch. */
  readonly at?: number;
  /** Who sent it. */
  readonly from?: "client" | "server";
  /** What names the session, or the server where a recording holds several. */
  readonly stream?: string;
  /** Who the agent is. */
  readonly who?: string;
}

export const NOTHING_TOLD: Told = {};

/** Members of a record that hold a message, or a text with one. */
export const innerTexts: readonly string[] =
  "message msg payload data body json rpc raw frame log request response".split(" ");
const timeNames: readonly string[] = "timestamp time ts at @timestamp t".split(" ");
const senderNames: readonly string[] = "direction dir from source sender type".split(" ");
const streamNames: readonly string[] = "session sessionId session_id server".split(" ");
const whoNames: readonly string[] = "agent client user principal".split(" ");

/** Words that stand for a sender to whoever wrote them. `in` and `sent` do not: they may be said of either side. */
const senderForm = /^(?:(client|stdin)|server|stdout)(?:$|[^a-z]|to)/i;
const clientWords = /\bfrom client\b|\bstdin\b/i;
const serverWords = /\bfrom server\b|\bstdout\b/i;
/** What Claude Desktop writes before a message: the server's name, and the level before or behind it. */
const desktopForm = /\[([^\]]{1,100})\] \[([^\]]{1,100})\] Message from (?:client|server): \[?$/;
const levels: ReadonlySet<string> = new Set(["debug", "error", "info", "warn"]);
/** How far before a message a log's words are looked at, characters. */
const MAX_WORDS = 1000;

function senderOf(value: unknown): Told["from"] {
  if (typeof value !== "string") return undefined;
  const found = senderForm.exec(value.slice(0, 40));
  return found === null ? undefined : found[1] === undefined ? "server" : "client";
}

/** The first of some members that says something. */
function firstOf<T>(members: Members, names: readonly string[], read: (value: unknown) => T): T | undefined {
  for (const name of names) {
    if (!Object.hasOwn(members, name)) continue;
    const said = read(members[name]);
    if (said !== undefined && said !== "") return said;
  }
  return undefined;
}

/** What is told nearer to a message counts before what is told around it. */
export function merged(outer: Told, inner: Told): Told {
  const told: { -readonly [Name in keyof Told]: Told[Name] } = { ...outer };
  if (inner.at !== undefined) told.at = inner.at;
  if (inner.from !== undefined) told.from = inner.from;
  if (inner.stream !== undefined) told.stream = inner.stream;
  if (inner.who !== undefined) told.who = inner.who;
  return told;
}

interface Said {
  readonly at?: number | undefined;
  readonly from?: Told["from"] | undefined;
  readonly stream?: string | undefined;
  readonly who?: string | undefined;
}

const toldOf = (said: Said): Told => merged(NOTHING_TOLD, said as Told);

/** What the members of a record tell of the message in it. */
export const toldByMembers = (members: Members): Told =>
  toldOf({
    at: firstOf(members, timeNames, readTime),
    from: firstOf(members, senderNames, senderOf),
    stream: firstOf(members, streamNames, shownName),
    who: firstOf(members, whoNames, shownName),
  });

/** What a log's own words before a message tell of it. */
export function toldByText(words: string): Told {
  if (words.length > MAX_WORDS) return NOTHING_TOLD;
  const [isClient, isServer] = [clientWords.test(words), serverWords.test(words)];
  const [, one, other] = desktopForm.exec(words) ?? [];
  const name = one !== undefined && levels.has(one) ? other : one;
  return toldOf({
    at: firstTime(words),
    from: isClient === isServer ? undefined : isClient ? "client" : "server",
    stream: name === undefined ? undefined : shownName(name),
  });
}
