import { isObject, type Members } from "../../../kernel/json-object.ts";
import { isJsonSpace, JsonValueEnd } from "../../../kernel/json-value-end.ts";
import { parseStrictJson } from "../../../kernel/strict-json.ts";
import { UndecodedText, type WrittenMessage } from "./message-sent.ts";

/** How deep a message nests: what the judge of messages takes. */
const MAX_DEPTH = 64;
/** How often escapes may stand for escapes. */
const MAX_UNESCAPED = 4;
const [openArray, openObject, quote] = [0x5b, 0x7b, 0x22];
/** The one member that each message has, also where the message is a text in JSON, or is written as Python does. */
const mention = /["']jsonrpc\\*["'](?:\s|\\+[nrt])*:/;
/** How a message begins that was cut off before it says `jsonrpc`, and a method's name in one. */
const cutForm =
  /^\{\s*"(?:id|jsonrpc|method|params)"\s*:|"method\\*"\s*:\s*\\*"(?:initialize|ping|[a-z]+(?:\/|$))/;
const escape = /(?<!\\)\\+u00([0-7][\da-f])/gi;
/** Methods of MCP, and no verbs of HTTP. */
const methodForm = /^(?:initialize|ping|[a-z]+(?:\/[a-zA-Z_]+)+)$/;

/** A text of JSON in which no plain character is written as an escape, which may stand in a text of JSON itself. */
function unescaped(text: string): string {
  let plain = text;
  for (let count = 0; count < MAX_UNESCAPED && plain.includes("u00"); count += 1)
    plain = plain.replace(escape, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return plain;
}

/** Whether a text names the member that each message has. */
export const mentionsMessage = (text: string): boolean => mention.test(unescaped(text));

/** Whether a text that cannot be read may hold a message. @param text begins with the brace */
export function mayHold(text: string): boolean {
  const plain = unescaped(text);
  return mention.test(plain) || cutForm.test(plain);
}

export const isMessage = (value: unknown): value is Members =>
  isObject(value) && Object.hasOwn(value, "jsonrpc");

/** Whether an object asks for something as messages of MCP do, and lacks nothing but the member that each of them has. */
export function isUnmarked(value: unknown): value is Members {
  if (!isObject(value) || !(Object.hasOwn(value, "id") || Object.hasOwn(value, "params"))) return false;
  const { method } = value;
  return typeof method === "string" && methodForm.test(method);
}

/** @throws what `readSent` knows, where a text can be read in more than one way */
export function strictly(text: string, maxDepth = MAX_DEPTH): unknown {
  if (text.includes("\uFFFD")) throw new UndecodedText();
  return parseStrictJson(text, maxDepth);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** Whether an object of JSON with members begins at a brace. */
function beginsAt(text: string, brace: number): boolean {
  let next = brace + 1;
  while (isJsonSpace(text.charCodeAt(next))) next += 1;
  return text.charCodeAt(next) === quote;
}

/** An object of JSON as it stands in a text; no members: it does not end, or is no JSON. */
export interface ObjectInText {
  readonly members: Members | undefined;
  readonly start: number;
  /** Of one that cannot be read, all that follows. */
  readonly text: string;
  /** Whether it is in an array; `broken`: in one that does not end, or is no JSON. */
  readonly inArray: boolean | "broken";
}

/** An array, as far as it goes. */
interface ArrayInText {
  readonly end: number;
  readonly isBroken: boolean;
}

function arrayAt(text: string, start: number): ArrayInText {
  const end = new JsonValueEnd(openArray).find(text, start);
  if (end === -1) return { end: text.length, isBroken: true };
  return { end, isBroken: parsed(text.slice(start, end)) === undefined };
}

/** The array that is the whole text; undefined: it is none. */
function wholeArray(text: string): ArrayInText | undefined {
  const start = text.search(/\S/);
  if (text.charCodeAt(start) !== openArray) return undefined;
  const array = arrayAt(text, start);
  return array.isBroken || text.slice(array.end).trim() !== "" ? undefined : array;
}

/** The array whose first value begins at a place. */
function arrayBefore(text: string, start: number): ArrayInText | undefined {
  let before = start - 1;
  while (before >= 0 && isJsonSpace(text.charCodeAt(before))) before -= 1;
  return text.charCodeAt(before) === openArray ? arrayAt(text, before) : undefined;
}

/**
 * The outermost objects of JSON in a text, whatever stands between them. Behind one that cannot be read nothing is looked for:
 * an object that is found there may be a part of it, which nobody sent.
 */
export function* objectsIn(text: string): Generator<ObjectInText> {
  let array = wholeArray(text);
  let start = text.indexOf("{");
  while (start !== -1) {
    if (!beginsAt(text, start)) {
      start = text.indexOf("{", start + 1);
      continue;
    }
    if (array === undefined || start >= array.end) array = arrayBefore(text, start);
    const inArray = array === undefined ? false : array.isBroken ? "broken" : true;
    const end = new JsonValueEnd(openObject).find(text, start);
    const object = text.slice(start, end === -1 ? undefined : end);
    const members = end === -1 ? undefined : parsed(object);
    if (!isObject(members)) {
      yield { members: undefined, start, text: text.slice(start), inArray };
      return;
    }
    yield { members, start, text: object, inArray };
    start = text.indexOf("{", end);
  }
}

/** An object that is a message by itself; undefined: it is none. */
export function messageOf({ members, text, inArray }: ObjectInText): WrittenMessage | undefined {
  if (!isMessage(members)) return undefined;
  return { value: members, strictly: () => strictly(text), inBatch: inArray !== false };
}

/**
 * An object that asks for something without saying that it is a message, and is all of a text, in an array, or known to be the
 * client's: it was sent so.
 */
export function unmarkedOf(
  { members, text, inArray }: ObjectInText,
  whole: string,
  isClients: boolean,
): WrittenMessage | undefined {
  if (!isUnmarked(members)) return undefined;
  if (!isClients && inArray === false && text !== whole.trim()) return undefined;
  return { value: members, strictly: () => strictly(text), inBatch: inArray !== false };
}

/** What of a text is in none of its objects. */
export class Outside {
  readonly #text: string;
  #end = 0;
  #found = "";

  constructor(text: string) {
    this.#text = text;
  }

  /** Takes the next object out. */
  take({ start, text }: ObjectInText): void {
    this.#found += `${this.#text.slice(this.#end, start)}\n`;
    this.#end = start + text.length;
  }

  /** Whether what is left names the member that each message has. */
  mentionsMessage(): boolean {
    return mentionsMessage(this.#found + this.#text.slice(this.#end));
  }
}
