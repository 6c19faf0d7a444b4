import type { Socket } from "node:net";
import { createTurnSend } from "../../../gate/send.ts";
import { Control } from "../wire/control.ts";
import type { Act, Leaving } from "./outgoing.ts";

/**
 * The way to the server, and all of it: whoever has this can send acts with their permits and what needs none, and
 * has no socket.
 */
export interface Outbound {
  /**
   * Sends a turn's list with one write, and uses its permits up.
   * @returns whether the server takes more now
   * @throws TypeError when something in it may not leave: then nothing has
   */
  send(list: readonly Leaving[]): boolean;
  /** The last message, and the end of the connection. */
  end(last?: Control): void;
}

/** Parts that together are shorter than this are copied into one, which costs less than a vector of them. */
const MAX_JOINED_BYTES = 16_384;

/** @param socket the server's; nobody else writes to it */
export function createOutbound(socket: Socket): Outbound {
  return {
    send: createTurnSend<Act, Control, boolean>(
      (part) => Control.is(part),
      (list) => {
        const parts = joined(list);
        const [first] = parts;
        if (first === undefined) return true;
        if (parts.length === 1) return socket.write(first);
        if (parts.reduce((sum, { length }) => sum + length, 0) <= MAX_JOINED_BYTES)
          return socket.write(Buffer.concat(parts));
        let room = true;
        socket.cork();
        for (const part of parts) room = socket.write(part);
        socket.uncork();
        return room;
      },
    ),
    end(last) {
      if (last === undefined) socket.end();
      else if (Control.is(last)) socket.end(last.bytes);
      else throw new TypeError("these are no last words");
    },
  };
}

/** Views of the list's bytes; what lies side by side becomes one. */
function joined(list: readonly Leaving[]): Buffer[] {
  const parts: Buffer[] = [];
  let bytes: Buffer | undefined;
  let start = 0;
  let end = 0;
  for (const part of list) {
    if (part.bytes === bytes && part.start === end) {
      ({ end } = part);
      continue;
    }
    if (bytes !== undefined) parts.push(viewOf(bytes, start, end));
    ({ bytes, start, end } = part);
  }
  if (bytes !== undefined) parts.push(viewOf(bytes, start, end));
  return parts;
}

function viewOf(bytes: Buffer, start: number, end: number): Buffer {
  return start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
}
