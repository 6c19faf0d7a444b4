import type { Permit } from "../../../gate/permit.ts";
import type { PostgresCover } from "../act.ts";
import { Control } from "../wire/control.ts";

/** An act's messages, side by side, with what permits them: as the client sent them, or with another text in them. */
export interface Act {
  readonly permit: Permit<PostgresCover>;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** One entry of what leaves. */
export type Leaving = Act | Control;

const empty: Buffer = Buffer.alloc(0);

/**
 * What waits to go upstream, in the client's order: one list of acts, each with its permit, and of what needs none. The
 * client's messages are kept where they are, in the chunk that they came in.
 */
export class Outgoing {
  list: Leaving[] = [];
  /** How many of the list are acts: they wait for the turn's records. */
  acts = 0;
  /** The number of the first answer that is expected for what is in the list. */
  from = 0;
  #chunk: Buffer = empty;
  /** Up to where the chunk under way stands in the list, or was left out. */
  #at = 0;

  /** A chunk of the client's comes under way. @param from the number that its first answer will have */
  begin(chunk: Buffer, from: number): void {
    this.#chunk = chunk;
    this.#at = 0;
    if (this.list.length === 0) this.from = from;
  }

  /** Puts what the chunk holds up to there into the list. @throws TypeError when an act is among it */
  upTo(end: number): void {
    if (end <= this.#at) return;
    this.list.push(Control.of(this.#chunk, this.#at, end));
    this.#at = end;
  }

  /** Puts an act into the list; what the chunk holds before it needs no permit. */
  act(permit: Permit<PostgresCover>, start: number, end: number): void {
    this.upTo(start);
    this.list.push({ permit, bytes: this.#chunk, start, end });
    this.acts += 1;
    this.#at = end;
  }

  /** Puts an act into the list whose messages are not the ones that the client sent. */
  actInstead(permit: Permit<PostgresCover>, start: number, end: number, bytes: Buffer): void {
    this.upTo(start);
    this.list.push({ permit, bytes, start: 0, end: bytes.length });
    this.acts += 1;
    this.#at = end;
  }

  /** Puts something of the gateway's own in the place of a message, or nothing. */
  instead(start: number, end: number, own?: Control): void {
    this.upTo(start);
    if (own !== undefined) this.list.push(own);
    this.#at = end;
  }

  /** The chunk has been looked at up to there. */
  finish(end: number, own?: Control): void {
    this.upTo(end);
    if (own !== undefined) this.list.push(own);
    this.#chunk = empty;
    this.#at = 0;
  }

  /** The permits of the acts in the list. */
  permits(): ReadonlySet<Permit<PostgresCover>> {
    return new Set(this.list.flatMap(({ permit }) => permit ?? []));
  }

  /** Another list stands in its place: what the old one held does not leave. */
  replace(list: Control[]): void {
    this.list = list;
    this.acts = 0;
  }
}
