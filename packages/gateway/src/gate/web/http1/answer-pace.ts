import type { Socket } from "node:net";
import type { SlowLane } from "../pieces/slow-lane.ts";

/** An answer of which one read brings more small chunks than this waits where there are too many of them. */
const MAX_SMALL_CHUNKS = 64;

/** Whether an upstream's answer is read now: not while whoever takes it has enough, nor before its turn in the slow lane. */
export class AnswerPace {
  readonly #socket: Socket;
  readonly #lane: SlowLane;
  /** Whoever takes the answer takes no more for now. */
  #isHeld = false;
  /** Leaves the slow lane, while this is in it. */
  #leave: (() => void) | undefined;

  constructor(socket: Socket, lane: SlowLane) {
    this.#socket = socket;
    this.#lane = lane;
  }

  pause(): void {
    this.#isHeld = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#isHeld = false;
    if (this.#leave === undefined) this.#socket.resume();
  }

  /** One read of the answer brought so many small chunks: where there are too many, no more is read until its turn comes. */
  brought(small: number): void {
    if (small <= MAX_SMALL_CHUNKS || this.#lane.note(small) || this.#leave !== undefined) return;
    this.#socket.pause();
    this.#leave = this.#lane.enter("", () => {
      this.#leave = undefined;
      if (!this.#isHeld) this.#socket.resume();
    });
  }

  /** The answer is over: the next one is another. */
  reset(): void {
    this.#isHeld = false;
    this.#leave?.();
    this.#leave = undefined;
  }
}
