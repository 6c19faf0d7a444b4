import type { PostgresCover } from "../act.ts";
import type { Permit } from "../../../gate/permit.ts";
import type { Effect } from "../guard/effects.ts";
import type { Portal, Statement } from "./shared.ts";

/**
 * One message of the client's for which the server owes an answer, in the order they go upstream. Of one form whatever
 * the kind: they are made for every message, and looked at for every answer.
 */
export class Expected {
  /** The client's message type. */
  readonly kind: number;
  /** For acts: proof that it was permitted, until its outcome is recorded. */
  permit: Permit<PostgresCover> | undefined = undefined;
  /** The ErrorResponse that replaces the server's: the message went upstream in a form that surely fails. */
  refusal: Buffer | undefined = undefined;
  /** What covers it, where its text was changed on its way: places in errors are counted in the changed text. */
  changed: PostgresCover | undefined = undefined;
  /** What its completion does to statements' names. */
  effects: readonly Effect[] | undefined = undefined;
  statement: Statement | undefined = undefined;
  portal: Portal | undefined = undefined;
  /** Of a Describe where columns are masked: the statement that it asks about, or whose portal. */
  described: Statement | undefined = undefined;
  /** The name that a Parse, Bind or Close gives or takes. */
  name: string | undefined = undefined;
  /** Close and Bind: whether `name` is a portal's. */
  isOfPortal = false;
  /** Said by the gateway for itself: no client reads the answer, and an error ends the session. */
  isOwn = false;
  /** Whether it asks which Syncs of the client's, sent during a COPY that failed, the server answers. */
  isProbe = false;
  /** Of a probe: so far its own Sync, and none of the client's, has ended what the server discards. */
  endedDiscarding = false;

  constructor(kind: number) {
    this.kind = kind;
  }
}

/** The answers owed, as a queue. */
export interface ExpectedQueue {
  readonly length: number;
  /** What texts and values those that are owed hold, in characters. */
  readonly weight: number;
  /** The number that the next message to be added will have; numbers count up from 0. */
  readonly next: number;
  add(expected: Expected): void;
  head(): Expected | undefined;
  /** The head has been answered. */
  remove(): void;
  /** Takes out everything behind the head. */
  dropBehindHead(): void;
  /** By its number; undefined when it has been answered. */
  at(number: number): Expected | undefined;
}

function weigh(expected: Expected | undefined): number {
  return (expected?.statement?.text.sql.length ?? 0) + (expected?.portal?.parameters.length ?? 0);
}

export function createExpectedQueue(): ExpectedQueue {
  let items: (Expected | undefined)[] = [];
  let head = 0;
  let taken = 0;
  let weight = 0;
  return {
    get weight() {
      return weight;
    },
    get length() {
      return items.length - head;
    },
    get next() {
      return taken + items.length - head;
    },
    add(expected) {
      items.push(expected);
      weight += weigh(expected);
    },
    head: () => items[head],
    remove() {
      weight -= weigh(items[head]);
      items[head] = undefined;
      head += 1;
      taken += 1;
      if (head === items.length) {
        items.length = 0;
        head = 0;
      } else if (head > 1024) {
        items = items.slice(head);
        head = 0;
      }
    },
    dropBehindHead() {
      while (items.length > head + 1) weight -= weigh(items.pop());
    },
    at: (number) => (number < taken ? undefined : items[head + number - taken]),
  };
}
