import type { Socket } from "node:net";
import { addressKey } from "../../limits/places.ts";
import type { SlowLane } from "./slow-lane.ts";
import type { Suspects } from "./suspects.ts";

/** Connections that wait for their place, or that nobody wants to read from yet. */
const slow = new WeakSet<Socket>();

/**
 * Reads nothing more from a connection of HTTP/1.1 until its place in the slow lane comes, which it takes when somebody
 * wants more of it. Of the connection, since a request may be over: Node reads on behind each one's end, whatever its body
 * was, and in the name of every other that waits behind it.
 */
export function slowDown(socket: Socket, lane: SlowLane, suspects: Pick<Suspects, "suspect">): void {
  if (slow.has(socket) || socket.destroyed) return;
  slow.add(socket);
  const address = addressKey(socket.remoteAddress ?? "");
  suspects.suspect(address);
  let leave: (() => void) | undefined;
  const forget = (): void => leave?.();
  socket.once("close", forget);
  const goOn = (): void => {
    socket.off("close", forget);
    slow.delete(socket);
    // What stands on the socket itself hides what its class does.
    Reflect.deleteProperty(socket, "resume");
    socket.resume();
  };
  socket.resume = () => {
    leave ??= lane.enter(address, goOn);
    return socket;
  };
  // Node takes up reading a tick after it was told to: whoever told it before this would be obeyed.
  process.nextTick(() => {
    if (slow.has(socket)) socket.pause();
  });
}
