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
  readonly client: string;
  readonly name: string;
  readonly owner?: string;
  readonly groups: readonly string[];
  /** What a directory gave, a new configuration may take; what a token said stays. Left out: the directory. */
  readonly groupsFrom?: "token" | "directory";
  readonly person?: { readonly issuer: string; readonly subject: string };
  readonly actors: readonly string[];
}

/** One ask, as stored. Times are milliseconds since the epoch. */
export interface AccessRequest {
  readonly id: string;
  readonly requester: Requester;
  readonly connection: string;
  readonly operations: readonly string[];
  readonly reason: string;
  /** Time-to-live that the grant will have, milliseconds. */
  readonly ttl: number;
  /** `sha256:…` over who, what, why, how long, each operation's digest and the policies: what an approval is bound to. */
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
  readonly decidedAt?: number;
  readonly grant?: string;
}

export interface Approval {
  readonly id: string;
  readonly reviewer: { readonly issuer: string; readonly subject: string; readonly name: string };
  readonly decision: "approve" | "refuse";
  readonly comment: string;
  /** The digest the reviewer saw. */
  readonly digest: string;
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
