import type { ServerHttp2Stream } from "node:http2";
import { FREE_SMALL_PIECES, SMALL_PIECE_BYTES } from "../../bounds.ts";
import { SmallPieces } from "./small-pieces.ts";

/**
 * Joins the small pieces of a body over HTTP/2 (DATA frames of one byte each) before anybody reads them. What waits to be
 * read is bounded by the stream's window in bytes alone: each piece would be held for itself.
 * @param isTooMany told of each small piece; true: the client's connection ends
 * @param cut ends it
 */
export function joinSmallPieces(stream: ServerHttp2Stream, isTooMany: () => boolean, cut: () => void): void {
  const joined = new SmallPieces();
  const push = stream.push.bind(stream);
  let small = 0;
  let isPlanned = false;
  let isCut = false;

  const passOn = (): boolean => {
    const all = joined.take();
    return all === undefined || push(all);
  };
  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(() => {
      isPlanned = false;
      if (!stream.destroyed) passOn();
    });
  };

  // Node's session gives each frame's data here, and null at the body's end. A class of its own cannot be named for it.
  stream.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (isCut) return false;
    if (chunk === null || chunk.length >= SMALL_PIECE_BYTES) {
      passOn();
      return push(chunk, encoding);
    }
    small += 1;
    if (small <= FREE_SMALL_PIECES) return push(chunk, encoding);
    if (isTooMany()) {
      isCut = true;
      cut();
      return false;
    }
    if (!joined.add(chunk)) {
      passOn();
      joined.add(chunk);
    }
    plan();
    // What waits to be read and is full closes the window, as it would without this.
    return stream.readableLength < stream.readableHighWaterMark;
  };
}
