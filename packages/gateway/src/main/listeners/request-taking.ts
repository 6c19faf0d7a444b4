import type { IncomingMessage, ServerResponse } from "node:http";
import { constants, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { Socket } from "node:net";
import type { Clock } from "../../kernel/clock.ts";
import { tokenBuckets } from "../../kernel/buckets.ts";
import { MAX_PIPELINED, SMALL_FRAMES } from "../../gate/bounds.ts";
import { addressKey } from "../../gate/limits/places.ts";
import { joinSmallPieces } from "../../gate/web/pieces/joining-stream.ts";
import { createRequestTurns } from "../../gate/web/pieces/request-turns.ts";
import { isGone } from "../../gate/web/router.ts";

/** Takes a request, and calls `begin` when it is its turn; never when its client has gone by then. */
export type TakeRequest = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
  begin: () => void,
) => void;

/** How many addresses are remembered. */
const MAX_ADDRESSES = 10_000;

/** Node's answer to its parser: the connection changes to another protocol, and what follows is not the parser's. */
const UPGRADED = 2;

/**
 * Ends the reading of what came in the same read as a request: all of it would be parsed, and requests made of it. Node's
 * parser asks its `onIncoming` about each request, and reads the socket's handle itself, until a listener takes that back.
 */
function stopParsing(socket: Socket): void {
  const { parser } = socket as Socket & { readonly parser?: { onIncoming: () => number } | null };
  if (parser) parser.onIncoming = () => UPGRADED;
  socket.on("data", () => undefined);
}

/**
 * Makes what every request of a port comes by, before anything is made of it: those that come together begin in turn, a
 * client that pipelines without an end is cut, and so is one that sends a body in frames of next to nothing.
 */
export function createRequestTaking(clock: Pick<Clock, "monotonic">): TakeRequest {
  const turns = createRequestTurns();
  const frames = tokenBuckets(clock, SMALL_FRAMES.perSecond, SMALL_FRAMES.burst, MAX_ADDRESSES);

  const takeStream = (request: Http2ServerRequest, begin: () => void): void => {
    const { stream } = request;
    const { session } = stream;
    const { remoteAddress: address = "" } = request.socket;
    if (!stream.endAfterHeaders) {
      const key = addressKey(address);
      joinSmallPieces(
        stream,
        () => frames.consume(key) > 0,
        () => session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM),
      );
    }
    turns.enter(address, session ?? stream, begin);
  };

  return (request, response, answer) => {
    // Of a response that has closed already nobody would be told that it does: what its request takes would be kept.
    const begin = (): void => {
      if (!request.destroyed && !isGone(response)) answer();
    };
    if ("stream" in request) {
      takeStream(request, begin);
      return;
    }
    const { socket } = request;
    const { remoteAddress: address = "" } = socket;
    if (socket.destroyed) return;
    if (turns.waiting(address, socket) >= MAX_PIPELINED) {
      stopParsing(socket);
      socket.destroy();
    } else turns.enter(address, socket, begin);
  };
}
