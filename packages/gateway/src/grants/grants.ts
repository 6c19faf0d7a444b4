import type { ClosedGrant } from "./closed.ts";
import type { Policies, Outlook } from "../policy/types.ts";
import type { AccessRequest, Approval, Grant, LiveGrant, Requester } from "./types.ts";

/** What an agent asks for. */
export interface Ask {
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
export interface Actor {
  readonly kind: "agent" | "person";
  readonly issuer: string;
  readonly subject: string;
  /** Of a person: the provider's own id, which no renaming changes. */
  readonly uid?: string;
  readonly client: string;
  readonly name: string;
  /** Kept with a decision, to be shown beside the login. */
  readonly displayName?: string;
  readonly groups: readonly string[];
  readonly roles: readonly ("reviewer" | "operator" | "auditor")[];
  readonly actors: readonly string[];
  readonly person?: { readonly issuer: string; readonly subject: string; readonly uid?: string };
  /** When they last proved themselves to the provider, milliseconds since the epoch; left out: unknown. */
  readonly authenticatedAt?: number;
  /** When the provider last said these groups, milliseconds since the epoch. */
  readonly groupsAsOf?: number;
}

/** A reviewer's yes to a part of what was asked for. */
export interface Allow {
  /** `connection/operation` of the request; left out: all of them. */
  readonly operations?: readonly string[];
  /** Milliseconds; left out: what was asked for. */
  readonly ttl?: number;
}

/** What waits, as one viewer may act on it. */
export interface Waiting {
  readonly request: AccessRequest;
  /** Why the viewer may not decide it; undefined when they may. */
  readonly whyNot?: string;
}

/** Which part of a list: newest first. */
export interface Page {
  /** An id from an earlier page: only what is older than it. */
  readonly before?: string;
  /** At most 500, which is also the default. */
  readonly limit?: number;
}

/** What became of earlier grants: how many acts each let through and denied. */
export type History = (
  grants: readonly string[],
) => Promise<ReadonlyMap<string, { readonly acts: number; readonly denied: number }>>;

/** What the configuration says that grants need: swapped whole at a reload. */
export interface GrantRules {
  readonly policies: Policies;
  readonly configuration: string;
  /** `connection` → `operation` → its digest and what to show of it. */
  readonly inventory: ReadonlyMap<string, ReadonlyMap<string, InventoryEntry>>;
  readonly pendingPerPrincipal: number;
  /**
   * A requester as the configuration now knows them, where their groups come from its directory; undefined when
   * it no longer knows them. Left out: the facts stored with the request stand.
   */
  readonly current?: (requester: Requester) => Requester | undefined;
}

export interface InventoryEntry {
  readonly description: string;
  readonly risk: "low" | "medium" | "high";
  readonly digest: string;
  /** The scope in words, a line a fact. */
  readonly scope: readonly string[];
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
  /** Like find, but answers once the request is no longer pending, or after `ms`. */
  wait(viewer: Actor, id: string, ms: number, signal?: AbortSignal): Promise<AccessRequest>;
  /** The viewer's own requests, or with `all` everyone's (reviewers, operators, auditors); newest first. */
  requests(
    viewer: Actor,
    filter: { readonly state?: AccessRequest["state"]; readonly all?: boolean } & Page,
  ): Promise<readonly AccessRequest[]>;
  /** What waits for people, for a reviewer: at most 2000 and whether there are more, what times out first before. */
  inbox(reviewer: Actor): Promise<{ readonly waiting: readonly Waiting[]; readonly more: boolean }>;
  /** Why somebody may not decide a request now, for them to read; undefined when they may. */
  whyNot(viewer: Actor, request: AccessRequest): string | undefined;
  withdraw(requester: Actor, id: string): Promise<AccessRequest>;
  /**
   * One reviewer's yes; `digest` is that of the request as they saw it. The last needed yes activates the grant, for
   * what every reviewer allowed and for the shortest time that one of them allowed.
   */
  approve(
    reviewer: Actor,
    id: string,
    digest: string,
    comment: string,
    allow?: Allow,
  ): Promise<AccessRequest>;
  /** One reviewer's no; it ends the request unless the policy asks for more of them. */
  refuse(reviewer: Actor, id: string, digest: string, comment: string): Promise<AccessRequest>;
  /** Own grants, or with `all` everyone's (operators, auditors). */
  grants(
    viewer: Actor,
    filter: { readonly state?: Grant["state"]; readonly all?: boolean } & Page,
  ): Promise<readonly Grant[]>;
  grant(viewer: Actor, id: string): Promise<Grant>;
  /**
   * Makes the grant's secret and stores its verifier, once: for the requester alone.
   * @returns the secret, or undefined when it was collected before
   */
  collectSecret(requester: Actor, grant: string): Promise<string | undefined>;
  /** Ended by its holder. Releasing an ended grant changes nothing. */
  release(requester: Actor, grant: string): Promise<Grant>;
  /** Ended by an operator. */
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
  /** New rules after a reload: ends the live grants that they no longer allow, voids pending requests whose digest changed. */
  adopt(rules: GrantRules): Promise<{ readonly ended: number; readonly voided: number }>;
  /** Reads live grants and the lock-down back from the store, and keeps watching it for what other gateways do. */
  start(): Promise<void>;
  /** Undefined while grants can be trusted; else why nothing new may be served (the store is away past its bound). */
  readonly unavailable: string | undefined;
  /** Undefined while what has ended outlasts this process; else why it may not, for the operator. */
  readonly atRisk: string | undefined;
  stop(): Promise<void>;
}

/** What grants ask of a store. Implementations stand in `storage/`; the same tests run on each. */
export interface GrantStore {
  /**
   * Stores a new request, and the grant of one that is approved at once, in one transaction; with an idempotency
   * key already used by that requester gives back the earlier request instead.
   * @throws locked_down when a grant comes with it and the store is locked down
   */
  createRequest(
    request: AccessRequest,
    idempotency?: { readonly requester: string; readonly key: string; readonly fingerprint: string },
    grant?: Grant,
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
  requests(filter: {
    readonly requester?: string;
    readonly state?: AccessRequest["state"];
    /** Only what comes after this request in the list. */
    readonly before?: string;
    /** What waits the shortest first, instead. */
    readonly soonest?: boolean;
    readonly limit: number;
  }): Promise<readonly AccessRequest[]>;
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
  lockdown(): Promise<Lockdown | undefined>;
  /** @param owedTo the log that has yet to record it; see `owed` */
  setLockdown(lockdown: Lockdown | undefined, owedTo?: string): Promise<void>;
  /** Whether the store has ever taken this lock-down, also one that was lifted since. */
  knowsLockdown(lockdown: Pick<Lockdown, "since" | "by">): Promise<boolean>;
  /** What has ended, been closed or been locked down without its record in that log. */
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

/** What a log has yet to record. */
export interface Owed {
  readonly grants: readonly Grant[];
  readonly requests: readonly AccessRequest[];
  readonly lockdowns: readonly Lockdown[];
}

/** How far a log and the store agree. */
export interface Progress {
  /** Number of the first record that the store may not agree with yet. */
  readonly position: number;
  /** The newest time that the gateway of that log has seen, milliseconds since the epoch. */
  readonly seenAt: number;
}
