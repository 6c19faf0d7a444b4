import type { Found, SeenAct } from "../../../gate/inventory/seen.ts";
import { boundedMap } from "../../../kernel/bounded-map.ts";
import type { Answer, Asked } from "./message-sent.ts";

/** How much waits for its answer, and how much is remembered of what failed. Of each as much as this. */
export interface PairingBounds {
  readonly maxActs: number;
  readonly maxCharacters: number;
}

const BOUNDS: PairingBounds = { maxActs: 10_000, maxCharacters: 32_000_000 };
/** How many sessions are told apart. */
const MAX_STREAMS = 10_000;

/** Where bounds are reached, several make room at once: to find the oldest of a map takes long when others were taken before. */
const lessThan = (bound: number): number => bound - (bound >> 4);

interface Waiting {
  readonly act: SeenAct;
  readonly method: string;
}

/** Requests of one id that no answer came to; of more than one at a time, all are told already. */
interface Open {
  count: number;
  waiting: Waiting | undefined;
}

interface Failure {
  readonly act: SeenAct;
  readonly stream: string;
  /** Whether the recording says that the server said so. */
  readonly isSure: boolean;
}

/** What a failure counts as. */
const lengthOf = (key: string, { stream, act }: Failure): number =>
  key.length + stream.length + act.act.length;

/**
 * Holds requests until their answers come, for what failed nobody needs. An answer names nothing but an id, which several
 * requests may have, and in some recordings a client can write what looks like an answer. So an act is told as failed only
 * where each id is answered as often as it was asked with; wherever it may be otherwise, the act counts.
 */
export class Pairing {
  readonly #tell: (found: Found) => void;
  readonly #bounds: PairingBounds;
  /** By stream, session and id. */
  readonly #open = new Map<string, Open>();
  /** By id, the oldest first. */
  readonly #failures = new Map<string, Failure[]>();
  /** The streams that hold what only a server says: that something worked, or how a session began. */
  readonly #heard = boundedMap<true>(MAX_STREAMS);
  /** The session of each stream. */
  readonly #sessions = boundedMap<number>(MAX_STREAMS);
  #lastSession = 0;
  #openCharacters = 0;
  #failedActs = 0;
  #failedCharacters = 0;

  constructor(tell: (found: Found) => void, bounds: PairingBounds = BOUNDS) {
    this.#tell = tell;
    this.#bounds = bounds;
  }

  /** How much is kept. */
  get held(): { readonly acts: number; readonly characters: number } {
    return {
      acts: this.#open.size + this.#failedActs,
      characters: this.#openCharacters + this.#failedCharacters,
    };
  }

  ask(stream: string, { id, method }: Asked, act: SeenAct): void {
    if (method === "initialize") {
      // Requests of the session before are answered no more.
      this.#lastSession += 1;
      this.#sessions.set(stream, this.#lastSession);
    }
    if (id === undefined) {
      this.#tellAct(act);
      return;
    }
    const key = this.#keyOf(stream, id);
    const open = this.#open.get(key);
    if (open === undefined) {
      this.#open.set(key, { count: 1, waiting: { act, method } });
      this.#openCharacters += key.length + act.act.length;
      this.#makeRoom();
      return;
    }
    // Nobody knows which of them an answer is meant for.
    this.#tellWaiting(open);
    open.count += 1;
    this.#tellAct(act);
  }

  /** A request is taken back: it may have worked, whatever its answer says. */
  cancel(stream: string, id: string | number): void {
    const open = this.#open.get(this.#keyOf(stream, id));
    if (open !== undefined) this.#tellWaiting(open);
  }

  /** @param isSure whether the server is known to have sent it */
  answer(stream: string, { id, isError, isToolError }: Answer, isSure: boolean): void {
    const key = this.#keyOf(stream, id);
    const open = this.#open.get(key);
    if (open === undefined) {
      this.#takeBack(stream, JSON.stringify(id));
      return;
    }
    const { waiting } = open;
    if ((!isError && !isToolError) || waiting?.method === "initialize") this.#heard.set(stream, true);
    open.count -= 1;
    if (waiting !== undefined && (isError || (isToolError && waiting.method === "tools/call"))) {
      this.#openCharacters -= waiting.act.act.length;
      open.waiting = undefined;
      this.#remember(JSON.stringify(id), { act: waiting.act, stream, isSure });
    } else this.#tellWaiting(open);
    if (open.count > 0) return;
    this.#open.delete(key);
    this.#openCharacters -= key.length;
  }

  /** Tells all that waits. */
  end(): void {
    for (const open of this.#open.values()) this.#tellWaiting(open);
    this.#open.clear();
    this.#openCharacters = 0;
    for (const failures of this.#failures.values())
      for (const { act, stream, isSure } of failures)
        // Where nothing else is the server's, what it answered may not be recorded.
        if (isSure || this.#heard.get(stream) === true) this.#tell({ kind: "failed" });
        else this.#tellAct(act);
    this.#failures.clear();
    [this.#failedActs, this.#failedCharacters] = [0, 0];
  }

  #keyOf(stream: string, id: string | number): string {
    return `${stream}\n${this.#sessions.get(stream) ?? 0}\n${JSON.stringify(id)}`;
  }

  #tellAct(act: SeenAct): void {
    this.#tell({ kind: "act", act });
  }

  #tellWaiting(open: Open): void {
    if (open.waiting === undefined) return;
    this.#openCharacters -= open.waiting.act.act.length;
    this.#tellAct(open.waiting.act);
    open.waiting = undefined;
  }

  #makeRoom(): void {
    const { maxActs, maxCharacters } = this.#bounds;
    if (this.#open.size <= maxActs && this.#openCharacters <= maxCharacters) return;
    for (const [key, open] of this.#open) {
      if (this.#open.size <= lessThan(maxActs) && this.#openCharacters <= lessThan(maxCharacters)) return;
      this.#tellWaiting(open);
      this.#open.delete(key);
      this.#openCharacters -= key.length;
    }
  }

  #remember(key: string, failure: Failure): void {
    const others = this.#failures.get(key);
    if (others === undefined) this.#failures.set(key, [failure]);
    else others.push(failure);
    this.#failedActs += 1;
    this.#failedCharacters += lengthOf(key, failure);
    const { maxActs, maxCharacters } = this.#bounds;
    if (this.#failedActs <= maxActs && this.#failedCharacters <= maxCharacters) return;
    for (const oldest of this.#failures.keys())
      while (this.#failures.has(oldest)) {
        if (this.#failedActs <= lessThan(maxActs) && this.#failedCharacters <= lessThan(maxCharacters))
          return;
        const forgotten = this.#forget(oldest, 0);
        if (forgotten?.isSure === true) this.#tell({ kind: "failed" });
        else if (forgotten !== undefined) this.#tellAct(forgotten.act);
      }
  }

  /**
   * An answer too many: one before it was not the server's, or another request's. Of those of its own stream it is the last;
   * where there are none, a recorder may have told it to another, and nobody knows to which.
   */
  #takeBack(stream: string, key: string): void {
    const failures = this.#failures.get(key) ?? [];
    const own = failures.findLastIndex((each) => each.stream === stream);
    for (let count = own === -1 ? failures.length : 1; count > 0; count -= 1) {
      const failure = this.#forget(key, Math.max(own, 0));
      if (failure !== undefined) this.#tellAct(failure.act);
    }
  }

  #forget(key: string, at: number): Failure | undefined {
    const failures = this.#failures.get(key);
    const failure = at === 0 ? failures?.shift() : failures?.splice(at, 1)[0];
    if (failure === undefined) return undefined;
    if (failures?.length === 0) this.#failures.delete(key);
    this.#failedActs -= 1;
    this.#failedCharacters -= lengthOf(key, failure);
    return failure;
  }
}
