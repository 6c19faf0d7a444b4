/** What approval a policy asks for. */
export interface ApprovalRule {
  /** Groups whose members may approve. */
  readonly by: readonly string[];
  /** How many of them have to. */
  readonly count: number;
  /** How long the request may wait, in milliseconds. */
  readonly within: number;
  /** After so many milliseconds without a decision, members of `to` may decide as well. */
  readonly escalate?: { readonly after: number; readonly to: readonly string[] };
  /** How long ago, in milliseconds and at most, a reviewer who approves must have proved themselves to the provider. */
  readonly freshSignIn?: number;
  /** How many refusals end the request: 1 unless the policy says otherwise. */
  readonly refusals: number;
}

/** One entry of `policies:`, checked for form. */
export interface PolicyEntry {
  readonly name: string;
  readonly forbid: boolean;
  /** The principal's own. */
  readonly groups: readonly string[];
  /** Groups of the person behind the principal, one of which they must be in; left out: whoever it is, or nobody. */
  readonly personGroups?: readonly string[];
  readonly connection: string;
  readonly operations: readonly string[];
  readonly ttl?: { readonly default: number; readonly max: number };
  readonly when?: string;
  readonly approval?: ApprovalRule;
  /** The longest lease that it takes, milliseconds; left out: it demands none. */
  readonly lease?: number;
  /** How long ago, milliseconds and at most, the paths beside the gateway were probed closed; left out: it demands no probe. */
  readonly closedPaths?: number;
  /** It demands a command in a sandbox, and with it a lease. */
  readonly sandbox?: true;
  readonly breakGlass?: boolean;
  /** It decides nothing: what it would have decided is recorded. */
  readonly shadow?: boolean;
}
