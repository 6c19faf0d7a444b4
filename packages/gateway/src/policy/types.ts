import type { ApprovalRule, PolicyEntry } from "../kernel/policy-entry.ts";

export type { ApprovalRule, PolicyEntry } from "../kernel/policy-entry.ts";

/** What policies judge an ask by. No clock, no network: everything comes in here. */
export interface PolicyAsk {
  readonly principal: {
    readonly kind: "agent" | "person";
    readonly issuer: string;
    readonly subject: string;
    readonly client: string;
    readonly name: string;
    readonly groups: readonly string[];
  };
  readonly connection: string;
  /** One operation; an ask for several is judged one by one. */
  readonly operation: string;
  /** The lease asked for, milliseconds; left out: none. No condition reads it. */
  readonly lease?: number;
  /**
   * How long ago a probe proved the paths beside the gateway closed from where this is asked, milliseconds; left out: none
   * did. No condition reads it.
   */
  readonly closedFor?: number;
  /** Whether this is asked for a command in a sandbox, as whoever asks says; left out: not. No condition reads it. */
  readonly sandbox?: true;
  readonly context: PolicyContext;
}

/** The facts a `when:` can use, as `context.…`. */
export interface PolicyContext {
  readonly reason: string;
  /** The time-to-live asked for, in seconds; 0 while only listing what could be asked for. */
  readonly requested_seconds: number;
  /** Hour of the day, 0 to 23, UTC. */
  readonly hour: number;
  /** 1 (Monday) to 7 (Sunday), UTC. */
  readonly weekday: number;
  /** The client's address, for example 10.1.2.3. */
  readonly client_address: string;
  /** Whether a person stands behind the agent. */
  readonly has_person: boolean;
  /** That person's groups, where the token says them: of an agent that acts for nobody, none. */
  readonly person_groups: readonly string[];
  /** Whether the ask says `break_glass`: only then, and then only, policies with `break_glass: true` permit. */
  readonly break_glass: boolean;
}

/** What a permitting policy allows. */
export interface Terms {
  /** The policy's name. */
  readonly policy: string;
  /** Time-to-live when none is asked for, milliseconds. */
  readonly defaultTtl: number;
  /** The longest time-to-live, milliseconds. */
  readonly maxTtl: number;
  readonly approval?: ApprovalRule;
  /** The task must hold a lease, of so many milliseconds at most. */
  readonly lease?: number;
  /** The paths beside the gateway must have been probed closed at most so many milliseconds ago. */
  readonly closedPaths?: number;
  /** The task must be a command in a sandbox. */
  readonly sandbox?: true;
  /** A policy for breaking glass: no approval, a short time, and everybody hears of it. */
  readonly breakGlass?: true;
}

/** The answer to an ask. Compare `decision` with ===, never test a verdict for truthiness. */
export type PolicyVerdict =
  | { readonly decision: "permit"; readonly terms: Terms; readonly reasons: readonly string[] }
  | { readonly decision: "deny"; readonly reasons: readonly string[]; readonly forbiddenBy?: string };

/** A compiled set of policies. Pure and immutable. */
export interface Policies {
  /** Judges one ask. An error in evaluation denies. Of several permits the one that asks least decides. */
  decide(ask: PolicyAsk): PolicyVerdict;
  /**
   * Whether an ask could be permitted if reason, time and address were right: for listing. Conditions that the
   * listing cannot know are given back as text (`when`), so that the agent can see them.
   */
  outlook(ask: PolicyAsk): Outlook;
  /** The groups whose members could have approved one ordinary request for these operations, of whomever; see approvers.ts. */
  approvers(connection: string, operations: readonly string[]): readonly string[];
  /** The same policies with those in shadow among them, to be asked what would be; left out: none is in shadow. */
  readonly shadow?: Shadow;
  /** Whether a policy about one of these operations, one in shadow too, demands closed paths: only then are they looked up. */
  demandsClosedPaths(connection: string, operations: readonly string[]): boolean;
}

/** What would decide if the policies in shadow did. Nothing of it may reach a grant. */
export interface Shadow {
  readonly policies: Policies;
  /** Whether a policy in shadow is about one of these operations. */
  isAbout(connection: string, operations: readonly string[]): boolean;
}

/** A condition as written in a policy: a permit applies `if` it holds, a forbid's must not hold (`not while`). */
export interface Condition {
  readonly kind: "if" | "not while";
  readonly text: string;
}

/** The terms of one policy, and what a request would still have to meet. */
export interface Way {
  readonly terms: Terms;
  readonly conditions: readonly Condition[];
}

/** What `GET /v1/operations` and `mayflyd explain` say of one operation. */
export interface Outlook {
  readonly requestable: boolean;
  /** What an ask that brings nothing gets; what asks least, where all policies demand something of the task. */
  readonly terms?: Terms;
  /** What a request would still have to meet. */
  readonly conditions: readonly Condition[];
  /** Other policies' terms, each better than those before it in something; left out: there are none. */
  readonly alternatives?: readonly Way[];
  /** Why, for a person to read; for each policy that did not match, what was missing. */
  readonly reasons: readonly string[];
}

/** What is wrong in a policy: the index in `policies:`, the member, and in a `when:` the offset of the error. */
export interface PolicyProblem {
  readonly index: number;
  readonly member: keyof PolicyEntry;
  /** Offset into the text of the member, where known. */
  readonly offset?: number;
  readonly message: string;
  readonly hint?: string;
}
