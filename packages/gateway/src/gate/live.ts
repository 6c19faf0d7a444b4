/** A session that is open, as operators and auditors see it. */
export interface LiveSession {
  readonly id: string;
  /** The grant that it uses. */
  readonly grant: string;
  readonly protocol: string;
  readonly address: string;
  /** What the client calls itself, for example PostgreSQL's application_name. */
  readonly software?: string;
  /** Milliseconds since the epoch. */
  readonly openedAt: number;
  /** Acts that were permitted. */
  readonly acts: number;
  readonly denied: number;
  /** Its newest permitted act; absent before the first. */
  readonly now?: {
    /** In the protocol's own words, shortened. */
    readonly text: string;
    /** Since when it runs, or since when the session is idle after it. */
    readonly since: number;
    readonly state: "running" | "idle";
  };
}
