import type { FromWorker, ToWorker } from "./messages.ts";

/** Messages that may wait until a worker reads them: one that hangs must not fill the supervisor's memory. */
const MAX_UNREAD = 4096;

/** What the supervisor needs of a worker's process to hand messages on to it. */
export interface Channel {
  readonly connected: boolean;
  send(message: ToWorker, sent: (error: Error | null) => void): boolean;
}

/** A worker's channel with a bound on what waits in it. */
export interface BoundedChannel {
  /** @returns false when the message is lost: the worker is gone, or reads nothing */
  tell(message: ToWorker): boolean;
}

export function boundedChannel(channel: Channel): BoundedChannel {
  let unread = 0;
  return {
    tell(message) {
      if (!channel.connected || unread >= MAX_UNREAD) return false;
      unread += 1;
      channel.send(message, () => (unread -= 1));
      return true;
    },
  };
}

/** Where a worker's message to another one goes, and what that one gets; undefined when it is for the supervisor. */
export function handedOn(
  from: number,
  message: FromWorker,
): { readonly to: number; readonly message: ToWorker } | undefined {
  if (message.kind === "ask") {
    const { to, id, subject, body } = message;
    return { to, message: { kind: "asked", from, id, subject, body } };
  }
  if (message.kind === "answer") {
    const { to, id, body } = message;
    return { to, message: { kind: "answered", from, id, body } };
  }
  return undefined;
}
