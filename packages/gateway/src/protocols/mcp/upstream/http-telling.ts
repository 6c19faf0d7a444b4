import type { AnswerHandler, RequestControl } from "../../../gate/web/http1/dispatch.ts";
import type { SharedTimeout, Waiter } from "../../../gate/web/proxy/shared-timeout.ts";
import { ChannelError } from "./messages.ts";

/** A message to which the server says no more than that it took it. */
export class Telling implements AnswerHandler {
  readonly #grace: SharedTimeout;
  readonly #done: (error: unknown) => void;
  #control: RequestControl | undefined;
  #waiter: Waiter | undefined;
  #isHurried = false;
  #isDone = false;

  /** @param grace how long what follows the head may take @param done called once: with the head, or hurried at the end */
  constructor(grace: SharedTimeout, done: (error: unknown) => void) {
    this.#grace = grace;
    this.#done = done;
  }

  sent(control: RequestControl): void {
    this.#control = control;
  }

  /** Nobody waits for it: it has no longer than the grace in all. */
  hurry(): void {
    this.#isHurried = true;
    this.#limit();
  }

  head(status: number): void {
    if (status < 200) return;
    if (status >= 300) {
      this.fail(new ChannelError(`the server answered with the status ${status}`));
      return;
    }
    if (!this.#isHurried) this.#settle(undefined);
    this.#limit();
  }

  data(_chunk: Buffer, release?: () => void): void {
    release?.();
  }

  end(): void {
    this.#over();
    this.#settle(undefined);
  }

  failed(error: Error): void {
    this.#over();
    this.#settle(error);
  }

  upgraded(): void {
    this.fail(new ChannelError("the server changed the protocol"));
  }

  fail(error: unknown): void {
    this.#over();
    this.#control?.abort();
    this.#settle(error);
  }

  /** Gives it up: nothing more is told. */
  stop(): void {
    this.#isDone = true;
    this.fail(undefined);
  }

  #limit(): void {
    this.#waiter ??= this.#grace.add(() => this.fail(new ChannelError("it took too long")));
  }

  #over(): void {
    if (this.#waiter !== undefined) this.#grace.delete(this.#waiter);
  }

  #settle(error: unknown): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#done(error);
  }
}
