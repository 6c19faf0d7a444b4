import { messageOf } from "../kernel/errors.ts";
import type { CompiledPolicy } from "./cedar-policy.ts";
import type { Engine } from "./engine.ts";
import { judge, refuseAll, type Judgement } from "./judge.ts";
import { printable } from "./printable.ts";
import {
  bounded,
  evaluationFailed,
  forbiddenBy,
  nobodyMay,
  permittedBy,
  unmet,
  type Asker,
} from "./reasons.ts";
import { byLeastAsking, termsOf } from "./terms.ts";
import type { PolicyAsk, PolicyVerdict } from "./types.ts";

/** The policies about one operation for one kind of ask, ordinary or breaking glass, known to the engine under `id`. */
export interface OperationPolicies {
  readonly id: string;
  /** In the order of the file. */
  readonly policies: readonly CompiledPolicy[];
}

/** The groups of the requester and of the person behind it: neither replaces the other. */
export function askerOf({ principal, context }: PolicyAsk): Asker {
  return { groups: principal.groups, personGroups: context.person_groups };
}

/** Whether the principal is in one of the policy's groups, and the person behind it in one of those that it names. */
export function concerns(policy: CompiledPolicy, { groups, personGroups }: Asker): boolean {
  if (!groups.some((group) => policy.groups.has(group))) return false;
  const wanted = policy.personGroups;
  return wanted === undefined || personGroups.some((group) => wanted.has(group));
}

/**
 * Judges one ask: forbid beats permit, no match denies, and so does whatever cannot be evaluated.
 * @param set the policies about the ask's operation, for asks of its kind
 */
export function decide(engine: Engine, set: OperationPolicies | undefined, ask: PolicyAsk): PolicyVerdict {
  const relevant = set?.policies ?? [];
  const permits = relevant.filter(({ entry }) => !entry.forbid);
  if (set === undefined || permits.length === 0) return deny([nobodyMay(ask.connection, ask.operation)]);
  const impossible = refuseAll(ask);
  if (impossible !== undefined) return deny([impossible]);
  const asker = askerOf(ask);
  // Outside all groups nothing can permit: such a request costs no evaluation.
  if (!permits.some((policy) => concerns(policy, asker)))
    return deny(permits.map((policy) => unmet(policy, asker)));
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
  const asker = askerOf(ask);
  const { decision, determining, errors } = judgement;
  const forbids = relevant.filter(({ id, entry }) => entry.forbid && determining.has(id));
  const [forbid] = forbids;
  if (forbid !== undefined) {
    return deny(
      forbids.map((policy) => forbiddenBy(policy, asker)),
      forbid.entry.name,
    );
  }
  // Cedar skips a policy that errs. A forbid among them might have forbidden; a permit may be only half evaluated.
  if (errors.size > 0) {
    return deny(
      Array.from(errors, ([id, message]) =>
        evaluationFailed(
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
    permitting.every((p) => concerns(p, asker))
  ) {
    const best = leastAsking(permitting, ask);
    if (best !== undefined) {
      return { decision: "permit", terms: termsOf(best.entry), reasons: [permittedBy(best, asker)] };
    }
  }
  const closest = relevant
    .filter(({ entry }) => !entry.forbid)
    .toSorted(
      // A condition, which the principal could meet, before a group, which it cannot join.
      (a, b) => Number(concerns(b, asker)) - Number(concerns(a, asker)),
    );
  return deny(closest.map((policy) => unmet(policy, asker)));
}

/** Of several policies that permit, picks the one that asks least of the agent. */
function leastAsking(
  permitting: readonly CompiledPolicy[],
  { context, lease, closedFor, sandbox }: PolicyAsk,
): CompiledPolicy | undefined {
  const compare = byLeastAsking({ requested: context.requested_seconds * 1000, lease, closedFor, sandbox });
  const [best] = permitting.toSorted((a, b) => compare(termsOf(a.entry), termsOf(b.entry)));
  return best;
}

function deny(reasons: readonly string[], forbidding?: string): PolicyVerdict {
  const denied = { decision: "deny", reasons: bounded(reasons) } as const;
  return forbidding === undefined ? denied : { ...denied, forbiddenBy: forbidding };
}
