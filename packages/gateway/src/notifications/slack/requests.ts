import type { Risk } from "../types.ts";

/** A request as its message shows it. Times are milliseconds since the epoch. */
export interface SlackRequest {
  readonly id: string;
  /** What an approval is bound to. */
  readonly digest: string;
  readonly state: "denied" | "pending" | "approved" | "refused" | "withdrawn" | "timed_out";
  readonly requester: {
    readonly kind: "agent" | "person";
    readonly name: string;
    readonly owner?: string;
    /** Whom an agent acts for. */
    readonly person?: string;
    /** Who acts for whom, nearest first: the token's `act` chain. */
    readonly actors: readonly string[];
  };
  readonly connection: string;
  /** Each with its scope in words, a line a fact. */
  readonly operations: readonly { readonly name: string; readonly scope: readonly string[] }[];
  /** The policies that ask for approval. */
  readonly policies: readonly string[];
  /** What became of the requester's last grants, a line each. */
  readonly history: readonly string[];
  /** That of the riskiest operation. */
  readonly risk: Risk;
  readonly reason: string;
  /** Milliseconds. */
  readonly ttl: number;
  /** The grant ends when its task is not heard of for so many milliseconds; left out: it has no lease. */
  readonly lease?: number;
  /** For a command in a sandbox, as whoever asked says; left out: not. */
  readonly sandbox?: true;
  /** When the paths beside the gateway were probed closed, where a policy asked for it. */
  readonly pathsClosedAt?: number;
  readonly waitsUntil?: number;
  /** Groups whose members may decide. */
  readonly by: readonly string[];
  /** How many yeses it takes. */
  readonly needed: number;
  /** Groups that may decide as well by now. */
  readonly escalatedTo?: readonly string[];
  /** Whether a reviewer has to sign in again for a yes: that cannot be done inside Slack. */
  readonly freshSignIn: boolean;
  readonly decisions: readonly {
    readonly id: string;
    readonly name: string;
    readonly decision: "approve" | "refuse";
  }[];
  /** How it ended, for people to read. */
  readonly outcome?: string;
}

/** What Slack needs of the rest of Mayfly. */
export interface SlackPorts {
  /** The request as it stands now. */
  request(id: string): Promise<SlackRequest | undefined>;
  /**
   * Decides a request as the person of that login, by the same rules as everywhere.
   * @returns `no_session` when that person is not signed in to Mayfly: whose groups would have to be guessed
   * @throws MayflyError with the reason when the rules refuse it
   */
  decide(
    login: string,
    decision: "approve" | "refuse",
    request: string,
    digest: string,
  ): Promise<"decided" | "no_session">;
}
