/** A request that was made, as a log tells of it. */
export interface LoggedRequest {
  readonly method: string;
  /** Path and query, to the byte. */
  readonly target: string;
  /** Bytes of its body; undefined or 0: the log tells of none. */
  readonly bodyBytes?: number | undefined;
  /** The protocol that the connection went over to; undefined: it did not. */
  readonly upgrade?: string | undefined;
}

/** The text of an act, as `readSeenRequest` takes it: the request's line, and lines for what else is known of it. */
export function loggedAct({ method, target, bodyBytes = 0, upgrade }: LoggedRequest): string {
  let text = `${method} ${target}`;
  if (upgrade !== undefined) text += `\nupgrade: ${upgrade}`;
  if (bodyBytes > 0) text += `\ncontent-length: ${bodyBytes}`;
  return text;
}
