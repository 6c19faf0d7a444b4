import type { Members } from "../../../kernel/json-object.ts";
import {
  innerTexts,
  merged,
  NOTHING_TOLD,
  type Told,
  toldByMembers,
  toldByText,
} from "./message-envelope.ts";
import {
  isMessage,
  isUnmarked,
  mayHold,
  mentionsMessage,
  messageOf,
  objectsIn,
  type ObjectInText,
  Outside,
  strictly,
  unmarkedOf,
} from "./message-objects.ts";
import type { WrittenMessage } from "./message-sent.ts";

/** A message in a text and what the text tells of it; or why one that is in it cannot be read. */
export type InText = { readonly message: WrittenMessage; readonly told: Told } | { readonly why: string };

/** How deep a message nests, with the objects and arrays around it that a recorder puts into a record of its own. */
const MAX_DEPTH = 64 + 2;
/** How often a record may stand as a text in another. */
const MAX_TEXTS = 3;
export const CUT = "its message is no JSON, or is cut off";
export const ELSEWHERE = "its message is in no member that is known";

/** What a function returns or throws, found once: a record may hold many messages. */
function once(find: () => unknown): () => unknown {
  let found: { readonly value: unknown } | { readonly error: unknown } | undefined;
  return () => {
    try {
      found ??= { value: find() };
    } catch (error) {
      found = { error };
    }
    if ("error" in found) throw found.error;
    return found.value;
  };
}

/** The messages in a record that a recorder wrote around them. */
function* inRecord(record: Members, text: string, around: Told, level: number): Generator<InText> {
  const told = merged(around, toldByMembers(record));
  const strictRecord = once(() => strictly(text, MAX_DEPTH));
  const partOf = (value: Members, inBatch: boolean, part: (strict: Members) => unknown): InText => ({
    message: { value, strictly: () => part(strictRecord() as Members), inBatch },
    told,
  });
  let isFound = false;
  for (const name of innerTexts) {
    const value = Object.hasOwn(record, name) ? record[name] : undefined;
    if (typeof value === "string") {
      if (level >= MAX_TEXTS || !/^\s*[[{]/.test(value)) continue;
      for (const each of messagesIn(value, told, level + 1)) {
        isFound = true;
        yield each;
      }
    } else if (isMessage(value) || isUnmarked(value)) {
      isFound = true;
      yield partOf(value, false, (strict) => strict[name]);
    } else if (Array.isArray(value))
      for (const [at, each] of (value as readonly unknown[]).entries())
        if (isMessage(each) || isUnmarked(each)) {
          isFound = true;
          yield partOf(each, true, (strict) => (strict[name] as readonly unknown[])[at]);
        }
  }
  if (!isFound && mentionsMessage(text)) yield { why: ELSEWHERE };
}

/** Whether an object that cannot be read may be a message: in doubt, what begins a line of a recording is one. */
const mayBeMessage = ({ start, text }: ObjectInText, line: string): boolean =>
  line.slice(0, start).trim() === "" || mayHold(text);

/**
 * The messages in a line: by itself, in a batch, behind a log's own words, or in a record of JSON. Other text, and other JSON,
 * hold none, and nothing is said of them. What a message says of itself is its sender's, and tells nothing.
 */
export function* messagesIn(line: string, around = NOTHING_TOLD, level = 0): Generator<InText> {
  let told: Told | undefined;
  let isCut = false;
  const outside = new Outside(line);
  for (const object of objectsIn(line)) {
    const { members, start, text, inArray } = object;
    outside.take(object);
    // What stands behind the first object is no word of the recorder's by itself.
    told ??= start === 0 ? around : merged(around, toldByText(line.slice(0, start)));
    if (members === undefined) {
      isCut ||= told.from === "client" || mayBeMessage(object, line);
      continue;
    }
    const message = messageOf(object);
    if (message !== undefined) {
      isCut ||= inArray === "broken";
      yield { message, told };
      continue;
    }
    const unmarked = unmarkedOf(object, line, told.from === "client");
    const inner = [...inRecord(members, text, told, level)];
    if (unmarked === undefined || inner.some((each) => "message" in each)) yield* inner;
    else yield { message: unmarked, told };
  }
  if (isCut) yield { why: CUT };
  else if (outside.mentionsMessage()) yield { why: ELSEWHERE };
}

/** The messages in a body of HTTP; a text: why one cannot be read. Other bodies hold none. */
export function* messagesInBody(body: string): Generator<WrittenMessage | string> {
  let isCut = false;
  const outside = new Outside(body);
  for (const object of objectsIn(body)) {
    outside.take(object);
    const message = messageOf(object) ?? unmarkedOf(object, body, false);
    if (message !== undefined) yield message;
    isCut ||=
      object.members === undefined
        ? mayHold(object.text)
        : object.inArray === "broken" && message !== undefined;
  }
  if (isCut) yield CUT;
  else if (outside.mentionsMessage()) yield ELSEWHERE;
}
