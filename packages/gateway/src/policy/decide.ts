import { messageOf } from "../kernel/errors.ts";
import type { CompiledPolicy } from "./cedar-policy.ts";
import type { Engine } from "./engine.ts";
import { judge, unanswerable, type Judgement } from "./judge.ts";
import { printable } from "./printable.ts";
import { bounded, erred, forbiddenBy, nobodyMay, permittedBy, unmet } from "./reasons.ts";
import { byLeastAsking, termsOf } from "./terms.ts";
import type { PolicyAsk, PolicyVerdict } from "./types.ts";

/** The policies of one connection for one kind of ask, ordinary or breaking glass, known to the engine under `id`. */
export interface ConnectionPolicies {
  readonly id: string;
  /** In the order of the file. */
  readonly policies: readonly CompiledPolicy[];
}

/** Policies about the operation that is asked for, in the order of the file. */
export function about(set: ConnectionPolicies | undefined, operation: string): readonly CompiledPolicy[] {
  return set === undefined ? [] : set.policies.filter(({ operations }) => operations.has(operation));
}

/** Whether the principal is in one of the policy's groups. */
export function concerns(policy: CompiledPolicy, groups: readonly string[]): boolean {
  return groups.some((group) => policy.groups.has(group));
}

/**
 * Judges one ask: forbid beats permit, no match denies, and so does whatever cannot be evaluated.
 * @param set the policies of the ask's connection, for asks of its kind
 */
export function decide(engine: Engine, set: ConnectionPolicies | undefined, ask: PolicyAsk): PolicyVerdict {
  const relevant = about(set, ask.operation);
  const permits = relevant.filter(({ entry }) => !entry.forbid);
  if (set === undefined || permits.length === 0) return deny([nobodyMay(ask.connection, ask.operation)]);
  const impossible = unanswerable(ask);
  if (impossible !== undefined) return deny([impossible]);
  const { groups } = ask.principal;
  // Outside all groups nothing can permit: what an outsider asks costs no evaluation.
  if (!permits.some((policy) => concerns(policy, groups)))
    return deny(permits.map((policy) => unmet(policy, groups)));
  let judgement: Judgement;
  try {
    judgement = judge(engine, set.id, ask);
  } catch (error) {
    return deny([
      `the policies could not be evaluated, so nothing is permitted: ${printable(messageOf(error))}`,
    ]);
  }
  return verdict(relevant, judgement, ask);
}

function verdict(relevant: readonly CompiledPolicy[], judgement: Judgement, ask: PolicyAsk): PolicyVerdict {
  const { groups } = ask.principal;
  const { decision, determining, errors } = judgement;
  const forbids = relevant.filter(({ id, entry }) => entry.forbid && determining.has(id));
  const [forbid] = forbids;
  if (forbid !== undefined) {
    return deny(
      forbids.map((policy) => forbiddenBy(policy, groups)),
      forbid.entry.name,
    );
  }
  // Cedar leaves out a policy that errs. A forbid among them might have forbidden; a permit might be half understood.
  if (errors.size > 0) {
    return deny(
      Array.from(errors, ([id, message]) =>
        erred(
          relevant.find((policy) => policy.id === id),
          message,
        ),
      ),
    );
  }
  // Both must agree that the policy is about this principal: a disagreement is an error of ours or Cedar's.
  const permitting = relevant.filter(({ id, entry }) => !entry.forbid && determining.has(id));
  if (
    decision === "allow" &&
    permitting.length === determining.size &&
    permitting.every((p) => concerns(p, groups))
  ) {
    const best = leastAsking(permitting, ask.context.requested_seconds * 1000);
    if (best !== undefined) {
      return { decision: "permit", terms: termsOf(best.entry), reasons: [permittedBy(best, groups)] };
    }
  }
  const closest = relevant
    .filter(({ entry }) => !entry.forbid)
    .toSorted(
      // What the principal could still change, a condition, before what it cannot, a group.
      (a, b) => Number(concerns(b, groups)) - Number(concerns(a, groups)),
    );
  return deny(closest.map((policy) => unmet(policy, groups)));
}

/**
 * Of several policies that permit, the one that asks least of the agent.
 * @param requested the time-to-live asked for, milliseconds; 0 when none is
 */
function leastAsking(permitting: readonly CompiledPolicy[], requested: number): CompiledPolicy | undefined {
  const compare = byLeastAsking(requested);
  const [best] = permitting.toSorted((a, b) => compare(termsOf(a.entry), termsOf(b.entry)));
  return best;
}

function deny(reasons: readonly string[], forbidding?: string): PolicyVerdict {
  const denied = { decision: "deny", reasons: bounded(reasons) } as const;
  return forbidding === undefined ? denied : { ...denied, forbiddenBy: forbidding };
}
