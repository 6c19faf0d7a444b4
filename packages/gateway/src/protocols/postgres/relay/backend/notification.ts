import { WireError } from "../../wire/framing.ts";
import type { BackendState } from "./state.ts";

const nothing: Buffer = Buffer.alloc(0);

/**
 * NotificationResponse ('A'): process, channel, payload. One of a channel that is not granted goes no further: a function
 * of the database's own may LISTEN too.
 * @returns the bytes that go on in its place, or undefined for its own
 * @throws WireError when it is malformed
 */
export function notificationResponse(
  { options }: BackendState,
  chunk: Buffer,
  at: number,
  end: number,
): Buffer | undefined {
  const channel = at + 9;
  const behind = chunk.indexOf(0, channel);
  const last = behind < 0 ? -1 : chunk.indexOf(0, behind + 1);
  if (behind < 0 || behind >= end || last !== end - 1)
    throw new WireError("08P01", "the database sent a malformed notification");
  return options.hears(chunk.toString("utf8", channel, behind)) ? undefined : nothing;
}
