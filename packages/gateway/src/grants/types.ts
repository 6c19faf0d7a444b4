import type { Deadline } from "../kernel/clock.ts";
import type { Place } from "../kernel/known-paths.ts";
import type { Requester } from "../kernel/requester.ts";
import type { ApprovalRule } from "../policy/types.ts";
import type { RecordPrincipal } from "../audit/records.ts";
import type { GrantState, RequestState } from "./states.ts";

export type { Requester } from "../kernel/requester.ts";
export type { GrantState, RequestState } from "./states.ts";

/** One ask, as stored. Times are milliseconds since the epoch. */
export interface AccessRequest {
  readonly id: string;
  readonly requester: Requester;
  readonly connection: string;
  readonly operations: readonly string[];
  readonly reason: string;
  /** Asked as an emergency: policies for breaking glass decided, and nobody approves. */
  readonly breakGlass?: true;
  /** Time-to-live that was asked for and that the grant has unless a reviewer allows less, milliseconds. */
  readonly ttl: number;
  /** The task renews a lease of so many milliseconds, or the grant ends; left out: it has none. */
  readonly lease?: number;
  /** Asked for a command in a sandbox, as whoever asked says; left out: not. */
  readonly sandbox?: true;
  /** Where a policy asked for it: when the paths beside the gateway were probed closed from where this was asked. */
  readonly paths?: ClosedPaths;
  /** What a reviewer sees beside who, why and how long; frozen at the ask. */
  readonly sheet: Sheet;
  /** `sha256:…` over all that a reviewer sees, the sheet included: what an approval is bound to. */
  readonly digest: string;
  readonly state: RequestState;
  /** The policies that decided, one an operation. */
  readonly policies: readonly string[];
  /** The strictest approval that the operations' policies ask for. */
  readonly approval?: ApprovalRule;
  readonly approvals: readonly Approval[];
  /** Of an emergency: what people found who reviewed it afterwards; left out: nobody has. */
  readonly reviews?: readonly Review[];
  /** Why it was denied or refused, or which policies permit it, at once or after approval; for people to read. */
  readonly reasons: readonly string[];
  /** Where it came from: a condition may name it, and a reload judges the request again. */
  readonly clientAddress?: string;
  /** The span that asked, as a `traceparent` (W3C Trace Context), where it said so. Nothing vouches for it. */
  readonly traceparent?: string;
  readonly createdAt: number;
  /** Until when it may wait for approval. */
  readonly waitsUntil?: number;
  /** Since when those whom the policy escalates to may decide as well. */
  readonly escalatedAt?: number;
  readonly decidedAt?: number;
  readonly grant?: string;
}

/** The proof that the paths beside the gateway were closed, and from where: nobody may use what it gave from elsewhere. */
export interface ClosedPaths {
  /** When they were probed, milliseconds since the epoch. */
  readonly closedAt: number;
  readonly probe: string;
  readonly from: Place;
}

/** What is asked for, to the letter and in words, and what became of the requester's last grants. */
export interface Sheet {
  /** In the order of the request's `operations`. */
  readonly operations: readonly SheetOperation[];
  /** The requester's last grants, newest first, at most five. */
  readonly history: readonly PastGrant[];
  /** What policies in shadow would have made of it; left out: none is about it. No decision is bound to it. */
  readonly shadow?: ShadowPlan;
}

/** What would have become of an ask if policies in shadow decided. */
export interface ShadowPlan {
  readonly decision: "permit" | "deny";
  /** Those that would have permitted it. */
  readonly policies?: readonly string[];
  /** Milliseconds. */
  readonly ttl?: number;
  readonly approval?: ApprovalRule;
  readonly reasons: readonly string[];
}

/** One operation as it was configured at the ask. */
export interface SheetOperation {
  readonly name: string;
  readonly description: string;
  readonly risk: "low" | "medium" | "high";
  /** The scope in words, a line a fact. */
  readonly scope: readonly string[];
  /** Digest of the operation's configuration. */
  readonly digest: string;
}

/** One of the requester's earlier grants, as it stood at the ask. */
export interface PastGrant {
  readonly grant: string;
  readonly connection: string;
  readonly operations: readonly string[];
  readonly activatedAt: number;
  readonly state: GrantState;
  /** Acts let through and acts denied; left out where the audit index could not say in time. */
  readonly acts?: number;
  readonly denied?: number;
  readonly endReason?: string;
}

/** What a reviewer allows: never more than was asked for. */
export interface Allowed {
  readonly operations: readonly string[];
  /** Milliseconds. */
  readonly ttl: number;
}

/** A person who decided or reviewed, as they are kept with it. */
export interface ReviewerName {
  readonly issuer: string;
  readonly subject: string;
  readonly name: string;
  /** The provider's own id, so that one person counts once whatever their login is called. */
  readonly uid?: string;
  readonly displayName?: string;
}

/** What one person found who reviewed an emergency after its end. */
export interface Review {
  readonly id: string;
  readonly reviewer: ReviewerName;
  readonly note: string;
  readonly at: number;
}

/** Which emergencies: all, or those that somebody, or nobody, has reviewed. */
export type Emergencies = "any" | "reviewed" | "unreviewed";

export interface Approval {
  readonly id: string;
  readonly reviewer: ReviewerName;
  readonly decision: "approve" | "refuse";
  readonly comment: string;
  /** The digest the reviewer saw. */
  readonly digest: string;
  /** Where the reviewer allowed less than was asked for. */
  readonly allowed?: Allowed;
  readonly at: number;
}

/** A grant, as stored. */
export interface Grant {
  readonly id: string;
  readonly request: string;
  readonly requester: Requester;
  readonly connection: string;
  readonly operations: readonly string[];
  readonly policies: readonly string[];
  readonly state: GrantState;
  readonly activatedAt: number;
  /** The one absolute deadline, wall clock, milliseconds since the epoch. */
  readonly endsAt: number;
  /** Unless its holder is heard of every so many milliseconds, it ends; left out: it has no lease. */
  readonly lease?: number;
  /** The one place from which it may be used; left out: from wherever its holder is. */
  readonly from?: Place;
  /** It is for a command in a sandbox, which has its secret: no access token stands for it. Left out: not. */
  readonly sandbox?: true;
  /** The request's, for the records of what is done with the grant. */
  readonly traceparent?: string;
  /** When the request came; left out by earlier versions. */
  readonly askedAt?: number;
  readonly endedAt?: number;
  readonly endedBy?: string;
  readonly endReason?: string;
  /** SCRAM-SHA-256 verifier of the grant's secret (RFC 5803 form); absent until the requester has collected it. */
  readonly verifier?: string;
}

/** An active grant in this process's memory: what the gate opens sessions on. */
export interface LiveGrant {
  readonly grant: Grant;
  readonly deadline: Deadline;
  /** Aborts when the grant ends, whatever ended it; its reason is a GrantEnd. */
  readonly ended: AbortSignal;
  readonly principal: RecordPrincipal;
}

/** Why a grant ended: one path for all of them. */
export interface GrantEnd {
  readonly state: Exclude<GrantState, "active">;
  /** For people to read, for example "grant gr_… expired after 5m". */
  readonly words: string;
}
