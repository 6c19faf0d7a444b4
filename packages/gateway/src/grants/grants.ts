import type { Place } from "../kernel/known-paths.ts";
import type { Holder, RequesterId } from "../kernel/requester.ts";
import type { ClosedGrant } from "./lifecycle/closed-grants.ts";
import type { Owed, Progress } from "./durability/owed.ts";
import type { SharedRenewals } from "./leases/sharing.ts";
import type { GrantChange } from "./lifecycle/follow.ts";
import type { Policies, Outlook } from "../policy/types.ts";
import type { Rejudged } from "./approvals/rejudge.ts";
import type { Background, Dossier } from "./requests/background.ts";
import type { GrantFilter, RequestFilter, RequestsPage } from "./requests/lists.ts";
import type { PendingBound } from "./requests/pending-bound.ts";
import type { Reached, Withdrawal } from "./lifecycle/withdraw.ts";
import type { GrantCounts } from "./observer.ts";
import type { AccessRequest, Approval, Grant, LiveGrant, Requester, Review } from "./types.ts";

/** What an agent asks for. */
export interface Ask extends Pick<AccessRequest, "lease" | "sandbox" | "traceparent">, Pick<Place, "key"> {
  readonly connection: string;
  /** Names of operations on that connection, at least one. */
  readonly operations: readonly string[];
  readonly reason: string;
  /** Milliseconds; left out: the policies' default. */
  readonly ttl?: number;
  readonly idempotencyKey?: string;
  /** An emergency: judged by the policies for breaking glass alone. */
  readonly breakGlass?: boolean;
  readonly clientAddress: string;
}

/** A reviewer, operator or whoever acts on others' requests; the identity folder's Principal fits. */
export interface Actor extends Holder, Pick<Requester, "name" | "groups" | "groupsAsOf"> {
  /** Kept with a decision, to be shown beside the login. */
  readonly displayName?: string;
  readonly roles: readonly ("reviewer" | "operator" | "auditor")[];
  /** When they last proved themselves to the provider, milliseconds since the epoch; left out: unknown. */
  readonly authenticatedAt?: number;
}

/** A reviewer's yes to a part of what was asked for. */
export interface Allow {
  /** `connection/operation` of the request; left out: all of them. */
  readonly operations?: readonly string[];
  /** Milliseconds; left out: what was asked for. */
  readonly ttl?: number;
}

/** A pending request, as one viewer may act on it. */
export interface Waiting {
  readonly request: AccessRequest;
  /** Why the viewer may not decide it; undefined when they may. */
  readonly whyNot?: string;
}

/** Counts the acts of earlier grants: how many each permitted and denied. */
export type History = (
  grants: readonly string[],
) => Promise<ReadonlyMap<string, { readonly acts: number; readonly denied: number }>>;

/** The rules that grants need from the configuration; replaced as a whole at a reload. */
export interface GrantRules {
  readonly policies: Policies;
  readonly configuration: string;
  /** `connection` → `operation` → its digest and what to show of it. */
  readonly inventory: ReadonlyMap<string, ReadonlyMap<string, InventoryEntry>>;
  readonly pendingPerPrincipal: number;
  /**
   * A requester as currently known, where their groups come from the directory; undefined when the configuration no
   * longer knows them. Left out: the facts stored with the request apply.
   */
  readonly current?: (requester: Requester) => Requester | undefined;
  /** Why the provider withdrew a requester's identity, for people to read; undefined where it has not. */
  readonly withdrawn?: (requester: Requester) => string | undefined;
  /**
   * Refreshes what `current` knows of a requester, when it is too old to decide by. Never rejects, and takes some
   * seconds at most. Left out: nothing can be refreshed.
   */
  readonly learn?: (requester: Requester) => Promise<void>;
}

export interface InventoryEntry {
  readonly description: string;
  readonly risk: "low" | "medium" | "high";
  readonly digest: string;
  /** The scope in words, a line a fact. */
  readonly scope: readonly string[];
  /** When it ends, milliseconds since the epoch: no grant of it lasts longer. Left out: never. */
  readonly until?: number;
}

/** One line of `GET /v1/operations`. */
export interface Offer extends InventoryEntry {
  readonly connection: string;
  readonly operation: string;
  /** Not requestable where only breaking glass is possible. */
  readonly outlook: Outlook;
  /** What breaking glass would give, where a policy lets this requester. */
  readonly breakGlass?: Outlook;
}

/** Lock-down: every grant ended, everything refused until an operator lifts it. */
export interface Lockdown {
  readonly since: number;
  readonly by: string;
  readonly reason: string;
}

/**
 * Requests, approvals and grants. Every change is recorded and synced to disk before it is answered, and every
 * refusal is a MayflyError with a hint.
 */
export interface Grants {
  /** Everything that this principal could request now; empty when locked down. */
  offers(requester: Requester, clientAddress: string): readonly Offer[];
  /** Asks. Denied, permitted (a grant is active at once) or pending; an equal idempotency key gives the first answer again. */
  request(requester: Requester, ask: Ask): Promise<AccessRequest>;
  /** A request, as its requester or a reviewer, operator or auditor may see it. @throws not_found otherwise */
  find(viewer: Actor, id: string): Promise<AccessRequest>;
  /** Like `find`, but waits until the request is no longer pending, or for `ms`. */
  wait(viewer: Actor, id: string, ms: number, signal?: AbortSignal): Promise<AccessRequest>;
  /** The viewer's own requests, or with `all` everyone's (reviewers, operators, auditors); newest first. */
  requests(viewer: Actor, filter: RequestFilter): Promise<readonly AccessRequest[]>;
  /** The same, with where the next page begins: also a page that is short or empty can have one behind it. */
  requestsPage(viewer: Actor, filter: RequestFilter): Promise<RequestsPage>;
  /** What the requester of a request asked for before it; for reviewers, operators and auditors. */
  background(viewer: Actor, id: string): Promise<Background>;
  /** Everything about one agent or person that asks; for the same. @throws not_found when it never asked */
  dossier(viewer: Actor, who: RequesterId, clientAddress: string): Promise<Dossier>;
  /** The requests that wait for a reviewer, at most 2000, the earliest time-out first; and whether there are more. */
  inbox(reviewer: Actor): Promise<{ readonly waiting: readonly Waiting[]; readonly more: boolean }>;
  /** Why a person may not decide a request now, or review an emergency, for them to read; undefined when they may. */
  whyNot(viewer: Actor, request: AccessRequest): string | undefined;
  whyNotReview(viewer: Actor, request: AccessRequest): string | undefined;
  /** Whether a reviewer's groups approve what was asked in ordinary times: only then is somebody else's emergency theirs to see. */
  reviewsEmergenciesOf(viewer: Actor, asked: Pick<AccessRequest, "connection" | "operations">): boolean;
  withdraw(requester: Actor, id: string): Promise<AccessRequest>;
  /**
   * Approves a request; `digest` is that of the request as the reviewer saw it. The last required approval activates
   * the grant, for what every reviewer allowed and for the shortest time that one of them allowed.
   */
  approve(by: Actor, id: string, digest: string, comment: string, allow?: Allow): Promise<AccessRequest>;
  /** Refuses a request. One refusal ends it unless the policy requires more. */
  refuse(by: Actor, id: string, digest: string, comment: string): Promise<AccessRequest>;
  /** Reviews access that was taken by breaking glass, once it has ended; each person once, and nobody on its requester's side. */
  reviewEmergency(by: Actor, id: string, note: string): Promise<AccessRequest>;
  /** Own grants, or with `all` everyone's (operators, auditors). */
  grants(viewer: Actor, filter: GrantFilter): Promise<readonly Grant[]>;
  grant(viewer: Actor, id: string): Promise<Grant>;
  /** Makes the grant's secret, once: for its requester alone, at the host or for the sandbox it is for. Undefined: it was made before. */
  collectSecret(by: Actor, grant: string, from?: Place, sandbox?: boolean): Promise<string | undefined>;
  /**
   * Renews the lease of one's own live grant; it never moves the deadline.
   * @returns milliseconds until the lease is lost unless it is renewed again
   * @throws not_found for somebody else's too; grant_ended; no_lease; too_many_requests
   */
  renewLease(requester: Actor, grant: string): Promise<number>;
  /** Ends the caller's own grant. Releasing an ended grant changes nothing. */
  release(requester: Actor, grant: string): Promise<Grant>;
  /** Ends a grant as an operator. */
  revoke(operator: Actor, grant: string, reason: string): Promise<Grant>;
  /** Ends every grant, refuses every pending request, and everything new until lifted. */
  lockdown(operator: Actor, reason: string): Promise<Lockdown>;
  lift(operator: Actor): Promise<void>;
  /** The lock-down in force. */
  readonly locked: Lockdown | undefined;
  /** The live grant of that id, for the gate: from memory, checked against both clocks. */
  live(id: string): LiveGrant | undefined;
  /** The live grants of a principal on a connection, newest first; from memory, checked against both clocks. */
  liveOf(holder: Requester, connection: string): readonly LiveGrant[];
  /**
   * The SCRAM verifier of a grant's secret; undefined when there is none. From memory or the store. Of an ended grant
   * too: whoever proves its secret may be told how it ended, and nothing more.
   */
  verifier(id: string): Promise<string | undefined>;
  /** A grant that has ended, for whoever proved its secret or owns it. Undefined for one that is live or unknown. */
  closed(id: string): Promise<ClosedGrant | undefined>;
  /** The gate saw an identity withdrawn: ends the principal's grant. */
  withdrawIdentity(grant: string, reason: string): Promise<void>;
  /**
   * What withdrawals would end now: live grants here, and pending requests in the store.
   * @throws what the store throws
   */
  reach(withdrawals: readonly Withdrawal[]): Promise<readonly Reached[]>;
  /**
   * Withdraws identities: ends their live grants before it returns, and closes their pending requests, which `requests`
   * waits for. Never throws and never rejects.
   */
  withdrawAll(withdrawal: Withdrawal): {
    readonly grants: readonly string[];
    readonly requests: Promise<readonly string[]>;
  };
  /**
   * Re-evaluates requesters after a change of their groups or owners: ends at once the live grants that policy would
   * refuse now, and voids the pending requests that a reviewer would now see differently. The rules' `current` gives
   * the new facts. Never rejects.
   * @param matches whose grants and requests to judge again
   * @param cause for people to read, for example "left the group sre (event hook group.user_membership.remove)"
   * @param options.isDryRun says what would end, and ends nothing
   * @returns ids of grants and requests
   */
  judgeAgain(
    matches: (requester: Requester) => boolean,
    cause: string,
    options?: {
      readonly isDryRun?: boolean;
      /** Of a dry run: a requester as they would be known then. */
      readonly foreseen?: (requester: Requester) => Requester;
    },
  ): Promise<Rejudged>;
  /**
   * Adopts new rules after a reload: ends the live grants that they no longer allow, and voids pending requests whose
   * digest changed.
   */
  adopt(rules: GrantRules): Promise<{ readonly ended: number; readonly voided: number }>;
  /** Reads live grants and the lock-down back from the store, and keeps watching it for what other gateways do. */
  start(): Promise<void>;
  /** Another gateway has changed this in the store: it is read now, and not only with the next look at everything. */
  follow(change: GrantChange): void;
  /**
   * Makes a grant live here that another gateway has made a moment ago, and which was not read with its change yet.
   * @throws what the store throws
   */
  takeUp(id: string): Promise<void>;
  /** Why nothing new may be served (the store is away past its bound); undefined while grants can be trusted. */
  readonly unavailable: string | undefined;
  /** Why ended grants may not outlast this process, for the operator; undefined while they do. */
  readonly atRisk: string | undefined;
  /** How much there is now, from memory. */
  readonly counts: GrantCounts;
  stop(): Promise<void>;
}

/** The store that grants need. `storage/` implements it; the same tests run on each implementation. */
export interface GrantStore {
  /**
   * Stores a new request, and the grant of one that is approved at once, in one transaction; with an idempotency
   * key already used by that requester gives back the earlier request instead.
   * @param pending how many of that requester's may wait; left out: it is not counted
   * @throws locked_down when a grant comes with it and the store is locked down; `pending.refusal` when too many wait
   */
  createRequest(
    request: AccessRequest,
    idempotency?: { readonly requester: string; readonly key: string; readonly fingerprint: string },
    grant?: Grant,
    pending?: PendingBound,
  ): Promise<
    | { readonly created: true }
    | { readonly created: false; readonly earlier: AccessRequest; readonly fingerprint: string }
  >;
  /** The request that this requester made with this idempotency key. */
  requestByKey(
    requester: string,
    key: string,
  ): Promise<{ readonly earlier: AccessRequest; readonly fingerprint: string } | undefined>;
  request(id: string): Promise<AccessRequest | undefined>;
  /** Newest first. */
  requests(
    filter: Pick<RequestFilter, "state" | "emergencies"> & {
      readonly requester?: string;
      /** Only those that somebody has decided. */
      readonly decided?: boolean;
      /** Only what comes after this request in the list. */
      readonly before?: string;
      /** What waits the shortest first, instead. */
      readonly soonest?: boolean;
      readonly limit: number;
    },
  ): Promise<readonly AccessRequest[]>;
  /**
   * Moves a request from one state to the next, and stores the grant that comes with it, in one transaction:
   * false when it was not in `from` any more.
   * @param owedTo the log that has yet to record it; see `owed`
   * @throws locked_down when a grant comes with it and the store is locked down
   */
  moveRequest(
    id: string,
    from: AccessRequest["state"],
    change: Partial<Pick<AccessRequest, "state" | "reasons" | "decidedAt" | "grant">>,
    grant?: Grant,
    owedTo?: string,
  ): Promise<boolean>;
  /** Marks a pending request as escalated, once: false when it is no longer pending or was marked before. */
  escalate(id: string, at: number): Promise<boolean>;
  /** Adds a reviewer's decision to a pending request; false when they decided before or it is no longer pending. */
  addApproval(request: string, approval: Approval): Promise<boolean>;
  /** Adds a review to a request; false when they reviewed it before, or there is no such request. */
  addReview(request: string, review: Review): Promise<boolean>;
  grant(id: string): Promise<Grant | undefined>;
  /** Newest first. */
  grants(filter: {
    readonly requester?: string;
    readonly state?: Grant["state"];
    /** Only what was activated before this grant. */
    readonly before?: string;
    readonly limit: number;
  }): Promise<readonly Grant[]>;
  /**
   * Ends an active grant, atomically: false when it had ended before.
   * @param owedTo the log that has yet to record it; see `owed`
   */
  endGrant(
    id: string,
    change: Pick<Grant, "state"> & Required<Pick<Grant, "endedAt" | "endedBy" | "endReason">>,
    owedTo?: string,
  ): Promise<boolean>;
  /** Sets the verifier once: false when it is set or the grant has ended. */
  setVerifier(grant: string, verifier: string): Promise<boolean>;
  /** Stores the renewals that this gateway heard since it last stored them, in the place of those. */
  tellRenewals(said: SharedRenewals): Promise<void>;
  /** The renewals that each gateway stored last. */
  renewals(): Promise<readonly SharedRenewals[]>;
  lockdown(): Promise<Lockdown | undefined>;
  /** @param owedTo the log that has yet to record it; see `owed` */
  setLockdown(lockdown: Lockdown | undefined, owedTo?: string): Promise<void>;
  /** Whether the store has ever taken this lock-down, also one that was lifted since. */
  knowsLockdown(lockdown: Pick<Lockdown, "since" | "by">): Promise<boolean>;
  /** Ends, closings and lock-downs whose record that log still lacks. */
  owed(log: string): Promise<Owed>;
  /** The log has recorded it now. */
  recorded(
    log: string,
    what: { readonly grant: string } | { readonly request: string } | { readonly lockdown: Lockdown },
  ): Promise<void>;
  /** How far that log and the store are known to agree; undefined for a log that the store does not know. */
  progress(log: string): Promise<Progress | undefined>;
  /** Keeps it. Rejects also when the store could be read but has no room for more. */
  setProgress(log: string, progress: Progress): Promise<void>;
}
