import type { Socket } from "node:net";
import type { Readable } from "node:stream";
import { ClientError } from "./errors.ts";

/** Told how the body of a request fares. */
interface BodyProgress {
  /** Some of it has left. */
  moved(): void;
  /** All of it has. */
  written(): void;
  /** It is not what its head says, or there will be no more of it. */
  failed(error: Error): void;
}

/**
 * Writes a request's body as it comes, at the pace of the slower side.
 * @param length as the head says; undefined: in chunks (RFC 9112, section 7.1)
 * @returns stops reading it
 */
export function writeBody(
  socket: Socket,
  body: Readable,
  length: number | undefined,
  progress: BodyProgress,
): () => void {
  let sent = 0;
  const drained = (): void => {
    progress.moved();
    body.resume();
  };
  const stop = (): void => {
    body.off("data", take).off("end", end).off("close", gone).off("error", failed);
    socket.off("drain", drained);
    body.pause();
  };
  const failed = (error: Error): void => {
    stop();
    progress.failed(error);
  };
  const take = (chunk: Buffer): void => {
    sent += chunk.length;
    if (length !== undefined && sent > length) {
      failed(new ClientError("REQUEST_LENGTH_WRONG"));
      return;
    }
    if (chunk.length === 0) return;
    let isFlowing: boolean;
    if (length === undefined) {
      socket.cork();
      socket.write(`${chunk.length.toString(16)}\r\n`, "latin1");
      socket.write(chunk);
      isFlowing = socket.write("\r\n", "latin1");
      socket.uncork();
    } else isFlowing = socket.write(chunk);
    progress.moved();
    if (isFlowing) return;
    body.pause();
    socket.once("drain", drained);
  };
  const end = (): void => {
    if (length !== undefined && sent !== length) {
      failed(new ClientError("REQUEST_LENGTH_WRONG"));
      return;
    }
    stop();
    if (length === undefined) socket.write("0\r\n\r\n", "latin1");
    progress.written();
  };
  const gone = (): void => failed(new ClientError("REQUEST_LENGTH_WRONG"));
  body.on("data", take).once("end", end).once("close", gone).once("error", failed);
  return stop;
}
