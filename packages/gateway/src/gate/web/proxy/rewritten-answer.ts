import { Busy, type SharedUse } from "../sessions/sharing.ts";
import { type ByteQueue, createByteQueue } from "./byte-queue.ts";

/** An answer that is rewritten as it comes. */
export interface Rewriting {
  /** What the bytes become; undefined when they cannot be rewritten. */
  feed(chunk: Buffer): readonly Buffer[] | undefined;
  /** The names of what was masked; undefined when the answer was not whole. */
  end(): { readonly met: readonly string[] } | undefined;
}

/** An answer that is held until all of it is rewritten. */
export interface RewrittenAnswer {
  /**
   * Rewrites a chunk: a small answer's at once, a large one's in its principal's turn.
   * @returns a code when the answer must be cut
   */
  add(this: void, chunk: Buffer, isLarge: boolean): string | undefined;
  /** The turns in which something is rewritten still; undefined when nothing waits. */
  readonly underWay: Promise<unknown> | undefined;
  /** The names of what was masked; undefined when the answer was not whole. */
  readonly end: Rewriting["end"];
  /** What has been rewritten. */
  readonly held: ByteQueue;
}

/** @param flow of the upstream, which waits while a large part is rewritten */
export function createRewrittenAnswer(
  rewriting: Rewriting,
  flow: { readonly pause: () => void; readonly resume: () => void; readonly fail: (code: string) => void },
  account: Pick<SharedUse, "hold" | "heavy" | "key">,
): RewrittenAnswer {
  const held = createByteQueue();
  /** Chunks that wait to be rewritten; turns in which some are, and the last of those. */
  let unwritten: Buffer[] = [];
  let waiting = 0;
  let working: Promise<unknown> = Promise.resolve();

  const holdMore = (more: number): string | undefined => {
    try {
      account.hold(more);
      return undefined;
    } catch (error) {
      if (error instanceof Busy) return "busy";
      throw error;
    }
  };
  const keep = (chunk: Buffer): string | undefined => {
    const made = rewriting.feed(chunk);
    if (made === undefined) return "answer_not_maskable";
    const whole = made.length === 1 ? made[0] : Buffer.concat(made);
    if (whole === undefined) return undefined;
    held.push(whole);
    // What stands in a value's place may be longer than the value.
    return whole.length > chunk.length ? holdMore(whole.length - chunk.length) : undefined;
  };
  /** What comes meanwhile waits upstream, and what of it has come in spite of that is rewritten in one turn. */
  const keepLater = (chunk: Buffer): void => {
    unwritten.push(chunk);
    if (unwritten.length > 1) return;
    waiting += 1;
    flow.pause();
    working = account.heavy
      .run(account.key, () => {
        const chunks = unwritten;
        unwritten = [];
        for (const each of chunks) {
          const code = keep(each);
          if (code !== undefined) return code;
        }
        return undefined;
      })
      .then((code) => {
        waiting -= 1;
        if (code !== undefined) flow.fail(code);
        else if (waiting === 0) flow.resume();
        return undefined;
      });
  };

  return {
    held,
    end: () => rewriting.end(),
    get underWay() {
      return waiting === 0 ? undefined : working;
    },
    add(chunk, isLarge) {
      const full = holdMore(chunk.length);
      if (full !== undefined) return full;
      if (!isLarge) return keep(chunk);
      keepLater(chunk);
      return undefined;
    },
  };
}
