/** How a signal of the identity provider reaches the gateway. */
export type SignalChannel = "event_hook" | "system_log" | "global_token_revocation" | "ssf" | "okta_api";

/**
 * The subject of a signal. Ids are the provider's own (Okta's `00u…`, `0oa…`, `wlp…`, `00g…`); a login is used only where
 * the sender names nothing else.
 */
export type SignalSubject =
  | { readonly kind: "user"; readonly uid?: string; readonly login?: string }
  | { readonly kind: "client"; readonly client: string }
  | { readonly kind: "group"; readonly id: string; readonly name?: string };

/**
 * The effect of a signal.
 * - `end`: all that the subject holds, for itself or somebody else, ends; tokens issued until then are refused.
 * - `judge_again`: groups, owners or assignments have changed; grants that policy would refuse now end.
 * - `refresh`: nothing ends; what is remembered about the subject is fetched again.
 */
export type SignalEffect = "end" | "judge_again" | "refresh";

/** One message of the identity provider about one subject, from a verified sender. */
export interface Signal {
  readonly channel: SignalChannel;
  /** The sender's id of the message: a second one with the same id has no effect. */
  readonly id: string;
  /** The sender's name for the event, for example `user.lifecycle.deactivate`. */
  readonly event: string;
  /** When it happened, according to the sender, milliseconds since the epoch. */
  readonly at: number;
  readonly subject: SignalSubject;
  readonly effect: SignalEffect;
  /**
   * For a user who was added to a group or removed from it: the group, and whether they are in it now. Tokens hold groups by
   * name or by id, so removing one from an older token needs both.
   */
  readonly membership?: {
    readonly group: { readonly id: string; readonly name?: string };
    readonly isMember: boolean;
  };
  /** Limits the effect to what the subject holds through this client (an assignment has ended); left out: no limit. */
  readonly through?: string;
  /** The issuers that the sender may speak for: nobody of another issuer is affected. */
  readonly issuers: readonly string[];
}

/** The result of one signal. */
export interface SignalOutcome {
  readonly signal: Signal;
  /** Seen before, so nothing was done. */
  readonly isRepeat: boolean;
  readonly grants: readonly string[];
  readonly requests: readonly string[];
  /** Browser sessions that ended. */
  readonly sessions: readonly string[];
}

/** Receives the signals of every channel. */
export interface SignalSink {
  /**
   * Records and carries out signals, in the given order. Resolves when the ends have begun in this process and the receipt
   * is on disk; never waits for sessions to close.
   * @param isDryRun reports what would end, and ends nothing
   * @throws MayflyError when the receipt could not be recorded: the sender should try again
   */
  receive(
    signals: readonly Signal[],
    options?: { readonly isDryRun?: boolean },
  ): Promise<readonly SignalOutcome[]>;
}
