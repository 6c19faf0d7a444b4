import { createHash } from "node:crypto";
import type { ActSource, Found } from "../../../gate/inventory/seen.ts";
import { boundedMap } from "../../../kernel/bounded-map.ts";
import { JsonElements } from "../../../kernel/json-elements.ts";
import { isObject, type Members, readObject } from "../../../kernel/json-object.ts";
import { textLines } from "../../../kernel/text-lines.ts";
import { type AuditEvent, isEvent, isOfKind, NO_EVENT, readEvent } from "./audit-event.ts";

/** The longest line that is read, characters: a server takes requests of 3 MiB, and sends lists of events that are longer. */
const MAX_LINE_CHARACTERS = 16_777_216;
/** How deep an event nests; the schemas of custom resources reach some sixty levels. */
const MAX_DEPTH = 256;
/** How many requests are remembered whose answer had only begun. */
const MAX_BEGUN = 100_000;
/** How many lines are looked at to recognize the format. */
const LOOKED_AT = 20;
/** Where a line says what it is that is longer than what is looked at, characters. */
const BEGINNING = 2000;
const BYTE_ORDER_MARK = "\uFEFF";
const BLANK = 0x20;

/** What was told of requests when their answers began. */
class Begun {
  readonly #told = boundedMap<{ acts: number; failures: number }>(MAX_BEGUN);

  /**
   * Whether an event repeats what was told of its request already. As often as answers have begun, as often they are
   * complete: what comes once more is another request.
   */
  isTold({ isBegun, request, outcome }: AuditEvent): boolean {
    if (request === undefined || outcome.kind === "unread" || (!isBegun && this.#told.size === 0))
      return false;
    const key = createHash("sha256").update(request).digest("base64");
    const told = this.#told.get(key) ?? { acts: 0, failures: 0 };
    if (isBegun) {
      if (outcome.kind === "act") told.acts += 1;
      else told.failures += 1;
      this.#told.set(key, told);
      return false;
    }
    // What was done and then failed was done. What failed first hides nothing that was done.
    const which = told.acts > 0 ? "acts" : "failures";
    if (told[which] === 0 || (which === "failures" && outcome.kind === "act")) return false;
    told[which] -= 1;
    if (told.acts + told.failures === 0) this.#told.delete(key);
    return true;
  }
}

/** What a line holds, event by event; a text: why one cannot be read. */
function* eventsIn(text: string): Generator<AuditEvent | string | undefined> {
  const members = readObject(text, MAX_DEPTH);
  if (typeof members === "string") {
    // One event that can be read in two ways may be a client's doing, and must not hide the others of its list.
    if (isList(text)) yield* eventsApart(text);
    else yield members;
    return;
  }
  if (!isOfKind(members, "EventList")) {
    yield readEvent(members);
    return;
  }
  const { items } = members;
  if (!Array.isArray(items)) yield "its list of events is none";
  else
    for (const item of items as readonly unknown[]) yield isObject(item) ? readEvent(item, true) : NO_EVENT;
}

/** The events of a list, each of them read by itself. */
function* eventsApart(text: string): Generator<AuditEvent | string | undefined> {
  const elements = new JsonElements(["items"], MAX_LINE_CHARACTERS);
  for (const part of [elements.take(text), elements.end()])
    for (const element of part) {
      const item = "why" in element ? element.why : readObject(element.text, MAX_DEPTH);
      yield typeof item === "string" ? item : readEvent(item, true);
    }
}

/** The object that a text holds, where it is JSON; of a member that stands twice, the last. */
function parsed(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isList(text: string): boolean {
  const members = parsed(text);
  return members !== undefined && isOfKind(members, "EventList");
}

const withoutMark = (text: string): string => (text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);

async function* found(pieces: AsyncIterable<string>): AsyncGenerator<Found> {
  const begun = new Begun();
  for await (const { text, line, cut } of textLines(pieces, MAX_LINE_CHARACTERS)) {
    if (cut) {
      yield { kind: "unread", line, why: "the line is too long" };
      continue;
    }
    if (!(text.charCodeAt(0) > BLANK) && text.trim() === "") continue;
    for (const event of eventsIn(line === 1 ? withoutMark(text) : text)) {
      if (event === undefined) continue;
      if (typeof event === "string") yield { kind: "unread", line, why: event };
      else if (!begun.isTold(event)) {
        const { outcome } = event;
        yield outcome.kind === "unread" ? { kind: "unread", line, why: outcome.why } : outcome;
      }
    }
  }
}

/** Whether a line begins as an event does, whatever comes first in it. */
function begins(line: string): boolean {
  const start = line.slice(0, BEGINNING);
  return (
    start.trimStart().startsWith("{") &&
    /"apiVersion"\s*:\s*"audit\.k8s\.io\//.test(start) &&
    /"kind"\s*:\s*"Event/.test(start)
  );
}

function recognizes(beginning: string): boolean {
  const lines = withoutMark(beginning).split("\n", LOOKED_AT);
  for (const line of lines) {
    const members = parsed(line);
    if (members !== undefined) return isEvent(members) || isOfKind(members, "EventList");
  }
  return lines.some(begins);
}

/**
 * Audit logs of a Kubernetes API server: a JSON object a line, an event of `audit.k8s.io` or a list of them as its webhook sends
 * (Kubernetes, "Auditing"). A request is told once, of the events that say how it went.
 */
export const kubernetesAudit: ActSource = { format: "kubernetes-audit", recognizes, read: found };
