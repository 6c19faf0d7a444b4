import { MayflyError } from "../../kernel/errors.ts";

/** Every reason for refusing a message of the identity provider, before it has any effect. */
export type SignalRefusal =
  /** It cannot be read, or holds something that is not allowed. */
  | "malformed"
  /** It has no token, or not the agreed authorization. */
  | "unauthenticated"
  | "type"
  | "issuer"
  | "audience"
  /** A key that the sender does not publish, another algorithm, or a bad signature. */
  | "key"
  | "time"
  /** Its id was used for another message. */
  | "replayed"
  /** The sender may not send such messages here. */
  | "sender"
  /** Its subject is one that the sender may not name. */
  | "subject"
  /** The sender's keys cannot be fetched now: the sender should try again. */
  | "keys_unavailable";

/**
 * A refused message. Its words are for the sender. They quote nothing from the message, and tell a forger nothing.
 */
export class SignalRefused extends MayflyError {
  override readonly name: string = "SignalRefused";
  readonly why: SignalRefusal;

  constructor(why: SignalRefusal, message: string, hint?: string) {
    const status = why === "keys_unavailable" ? 503 : 400;
    super(`signal_${why}`, message, { status, ...(hint === undefined ? {} : { hint }) });
    this.why = why;
  }
}
