/** How a change matters: who may do more, who may do less, what nobody can tell from the files, and all the rest. */
export type FindingKind = "wider" | "unclear" | "narrower" | "other";

/** One thing that a change of the configuration comes to. */
export interface Finding {
  readonly kind: FindingKind;
  /** Whom it is about: groups, agents; none where it is nobody in particular. */
  readonly who: readonly string[];
  /** `connection/operation`, a connection, or a setting. */
  readonly on: readonly string[];
  /** What changed, in words. */
  readonly what: string;
}

/** Makes a finding about one thing. */
export function finding(kind: FindingKind, on: string, what: string, ...who: readonly string[]): Finding {
  return { kind, who, on: [on], what };
}

/** What makes a check fail: that more is let through, what cannot be told included; that reach changes at all; or nothing. */
export type FailOn = "wider" | "any" | "nothing";

const failing: Readonly<Record<FailOn, ReadonlySet<FindingKind>>> = {
  wider: new Set(["wider", "unclear"]),
  any: new Set(["wider", "unclear", "narrower"]),
  nothing: new Set(),
};

/** Whether a check fails for these findings. */
export function fails(findings: readonly Finding[], failOn: FailOn): boolean {
  return findings.some(({ kind }) => failing[failOn].has(kind));
}
