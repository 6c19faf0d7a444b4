import { IncomingMessage } from "node:http";
import { FREE_SMALL_PIECES, SMALL_PIECE_BYTES } from "../../bounds.ts";
import type { SlowLane } from "./slow-lane.ts";
import { slowDown } from "./slow-connection.ts";
import { SmallPieces } from "./small-pieces.ts";
import type { Suspects } from "./suspects.ts";

/**
 * Makes the class of the requests of one port of HTTP/1.1 (an option of Node's servers). What a body's sender wrote in
 * small pieces, chunks of one byte say (RFC 9112, section 7.1), is joined before anybody reads it, and the connection is
 * not read from when its turn is over: each piece costs Node's parser and everything behind it as much as 64 KiB would.
 */
export function joiningRequests(lane: SlowLane, suspects: Pick<Suspects, "suspect">): typeof IncomingMessage {
  return class JoiningRequest extends IncomingMessage {
    #small = 0;
    /** Made when it is needed: most bodies come in one piece. */
    #joined: SmallPieces | undefined;
    #isPlanned = false;

    /** Node's parser gives each piece of the body here, and null at its end. */
    override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
      if (chunk === null || chunk.length >= SMALL_PIECE_BYTES) {
        this.#passOn();
        return super.push(chunk, encoding);
      }
      if (this.#small < FREE_SMALL_PIECES) {
        this.#small += 1;
        return super.push(chunk, encoding);
      }
      const joined = (this.#joined ??= new SmallPieces());
      if (!joined.add(chunk)) {
        this.#passOn();
        joined.add(chunk);
      }
      this.#plan();
      if (lane.note()) return this.readableLength < this.readableHighWaterMark;
      slowDown(this.socket, lane, suspects);
      return false;
    }

    /** Whoever reads wants more. */
    override _read(size: number): void {
      this.#passOn();
      super._read(size);
    }

    /** At the turn's end: not before everything is there that came with it. */
    #plan(): void {
      if (this.#isPlanned) return;
      this.#isPlanned = true;
      setImmediate(() => {
        this.#isPlanned = false;
        // While nobody reads, the pieces wait in one: each of them would be held for itself.
        if (this.readableLength === 0) this.#passOn();
      });
    }

    #passOn(): void {
      const joined = this.#joined?.take();
      if (joined !== undefined) super.push(joined);
    }
  };
}
