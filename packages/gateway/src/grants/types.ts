import type { Deadline } from "../kernel/clock.ts";
import type { ApprovalRule } from "../policy/types.ts";
import type { RecordPrincipal } from "../audit/records.ts";
import type { GrantState, RequestState } from "./states.ts";

export type { GrantState, RequestState } from "./states.ts";

/** Who asks, as far as grants need to know. The identity folder's Principal fits. */
export interface Requester {
  readonly kind: "agent" | "person";
  readonly issuer: string;
  readonly subject: string;
  /** Of a person: the provider's own id, which no renaming changes. */
  readonly uid?: string;
  readonly client: string;
  readonly name: string;
  readonly owner?: string;
  readonly groups: readonly string[];
  /** What a directory gave, a new configuration may take; what a token said stays. Left out: the directory. */
  readonly groupsFrom?: "token" | "directory";
  /** The person behind an agent, with the provider's own id of them and their groups where a token said these. */
  readonly person?: {
    readonly issuer: string;
    readonly subject: string;
    readonly uid?: string;
    readonly groups?: readonly string[];
  };
  readonly actors: readonly string[];
}

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
  /** Why it was denied or refused, or by which policies it was permitted; for people to read. */
  readonly reasons: readonly string[];
  /** Where it came from: a condition may name it, and a reload judges the request again. */
  readonly clientAddress?: string;
  readonly createdAt: number;
  /** Until when it may wait for approval. */
  readonly waitsUntil?: number;
  /** Since when those whom the policy escalates to may decide as well. */
  readonly escalatedAt?: number;
  readonly decidedAt?: number;
  readonly grant?: string;
}

/** What is asked for, to the letter and in words, and what became of the requester's last grants. */
export interface Sheet {
  /** In the order of the request's `operations`. */
  readonly operations: readonly SheetOperation[];
  /** The requester's last grants, newest first, at most five. */
  readonly history: readonly PastGrant[];
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

export interface Approval {
  readonly id: string;
  readonly reviewer: {
    readonly issuer: string;
    readonly subject: string;
    readonly name: string;
    /** The provider's own id, so that one person counts once whatever their login is called. */
    readonly uid?: string;
    readonly displayName?: string;
  };
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
  readonly reason: string;
}
