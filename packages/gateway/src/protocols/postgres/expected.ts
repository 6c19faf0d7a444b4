import type { Permit } from "../../gate/permit.ts";
import type { Effect } from "./texts.ts";
import type { Portal, Statement } from "./shared.ts";

/** One message of the client's for which the server owes an answer, in the order they go upstream. */
export interface Expected {
  /** The client's message type. */
  readonly kind: number;
  /** For acts: proof that it was permitted, until its outcome is recorded. */
  permit?: Permit | undefined;
  /** The ErrorResponse that replaces the server's: the message went upstream in a form that surely fails. */
  refusal?: Buffer | undefined;
  /** What its completion does to statements' names. */
  effects?: readonly Effect[];
  readonly statement?: Statement | undefined;
  readonly portal?: Portal | undefined;
  /** The name that a Parse, Bind or Close gives or takes. */
  readonly name?: string;
  /** Close and Bind: whether `name` is a portal's. */
  readonly ofPortal?: boolean;
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
  take(): void;
  /** Takes out everything behind the head. */
  dropBehindHead(): void;
  /** By its number; undefined when it has been taken. */
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
    take() {
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
