import type { Verdict } from "../../gate/protocol.ts";

/** One act on a PostgreSQL connection: the text of a Query or Parse message, exactly as it goes on. */
export interface PostgresAct {
  readonly sql: string;
  /** A verdict that was reached before, and by which judge: it holds for that judge's scopes alone. */
  readonly judged?: Judged | undefined;
}

/** A text's verdict. */
export interface Judged {
  /** The judge that reached it, compared by identity. */
  readonly by: object;
  readonly verdict: Verdict;
}
