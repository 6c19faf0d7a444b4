/** The position of one reader in a log. */
export interface Cursor {
  /** The log's id: gateways that share a store have a log each. */
  readonly log: string;
  /** `webhook:NAME` or `slack`. */
  readonly reader: string;
}

/** Where a delivery stands. */
export type DeliveryState = "pending" | "delivered" | "failed";

/** One record on its way to one webhook. Times are milliseconds since the epoch. */
export interface Delivery {
  readonly id: string;
  readonly log: string;
  readonly webhook: string;
  /** The record's number in that log. */
  readonly seq: number;
  /** The record's type. */
  readonly type: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  /** The HTTP status of the last attempt, where there was an answer. */
  readonly lastStatus?: number;
  /** Why the last attempt failed, for people to read. */
  readonly lastError?: string;
  /** When it is tried next; pending alone. */
  readonly nextAt?: number;
  readonly deliveredAt?: number;
  readonly createdAt: number;
}

/** A delivery that has yet to be made. */
export type NewDelivery = Pick<Delivery, "id" | "log" | "webhook" | "seq" | "type" | "createdAt"> & {
  /** Whose record it is: each gets its turn. Empty: nobody's. */
  readonly principal: string;
};

/** The result of an attempt. */
export type Settled = Pick<Delivery, "id" | "state" | "attempts"> & {
  readonly lastStatus: number | undefined;
  readonly lastError: string | undefined;
  readonly nextAt: number | undefined;
  readonly deliveredAt: number | undefined;
};

/** A message in Slack that follows a request, or one that was sent once. */
export interface SlackMessage {
  /** The request's id; of a message that follows none, the log's id and the record's number. */
  readonly about: string;
  /** The log of the gateway that posted it. */
  readonly log: string;
  /** The channel's id, as Slack answered. */
  readonly channel: string;
  /** Slack's name of the message. */
  readonly ts: string;
  /** Digest of what it shows. */
  readonly shown: string;
  /** Whether what it shows may still change. */
  readonly isOpen: boolean;
  readonly updatedAt: number;
}

/** The store that notifications need. `storage/` implements it; the same tests run on each implementation. */
export interface NotificationStore {
  /** A reader's position; undefined when it has never read. */
  cursor(of: Cursor): Promise<number | undefined>;
  /** Stores a reader's position together with the deliveries made from what it read: all or nothing. */
  advance(of: Cursor, next: number, deliveries: readonly NewDelivery[]): Promise<void>;
  /**
   * Goes back to a record's number where a log was cut: cursors beyond it stand at it, and deliveries of records from
   * it on, which are no more, are dropped.
   */
  rewind(log: string, seq: number): Promise<void>;
  /**
   * Forgets the cursors of a log's readers that are not among those kept, and gives up what was on its way to their
   * webhooks.
   */
  forget(log: string, kept: readonly string[], reason: string): Promise<void>;
  /** Deliveries that are due: those of each principal in the order of the records, the principals in turns. */
  due(log: string, webhook: string, now: number, limit: number): Promise<readonly Delivery[]>;
  /** When the next delivery is due; undefined when none is pending. */
  nextDue(log: string, webhook: string): Promise<number | undefined>;
  pending(log: string, webhook: string): Promise<number>;
  /** Stores the results of attempts. A delivery that was replayed meanwhile keeps its new attempt. */
  settle(outcomes: readonly Settled[]): Promise<void>;
  /** Puts a delivery back to the front; undefined when there is none. */
  replay(id: string, now: number): Promise<Delivery | undefined>;
  delivery(id: string): Promise<Delivery | undefined>;
  /** Newest first, of every log. */
  deliveries(filter: {
    readonly state?: DeliveryState;
    readonly webhook?: string;
    readonly limit: number;
  }): Promise<readonly Delivery[]>;
  /**
   * Gives up what has been pending since before `pendingSince`; drops what is over and older than `before`, and of
   * each webhook what is over beyond its newest `keep`.
   */
  prune(
    log: string,
    bounds: { pendingSince: number; reason: string; before: number; keep: number },
  ): Promise<void>;
  slackMessage(about: string): Promise<SlackMessage | undefined>;
  /** Those that this log's gateway posted and that may still change, the longest untouched first. */
  openSlackMessages(log: string, limit: number): Promise<readonly SlackMessage[]>;
  saveSlackMessage(message: SlackMessage): Promise<void>;
  /** Drops what shows its end and was touched before. */
  pruneSlack(before: number): Promise<void>;
  /** Keeps the mark of a call from Slack; false when it was seen before. Marks older than `forgetBefore` are dropped. */
  seen(mark: string, now: number, forgetBefore: number): Promise<boolean>;
}
