import { messageOf } from "../kernel/errors.ts";
import type { CompiledPolicy } from "./cedar-policy.ts";
import { askerOf, concerns, type OperationPolicies } from "./decide.ts";
import { isUndemanding } from "./demands.ts";
import type { Engine } from "./engine.ts";
import { judge, refuseAll, type Judgement } from "./judge.ts";
import { printable } from "./printable.ts";
import {
  alsoBy,
  bounded,
  evaluationFailed,
  forbiddenBy,
  nobodyMay,
  permittedBy,
  unmet,
  type Asker,
} from "./reasons.ts";
import { byLeastAsking, termsOf } from "./terms.ts";
import type { Condition, Outlook, PolicyAsk, Way } from "./types.ts";

/** The most alternatives to what is offered first. */
export const MAX_ALTERNATIVES = 4;

/** Nothing of this is known while listing; no policy that is evaluated for a listing reads it. */
const unknown = { reason: "", requested_seconds: 0, hour: 0, weekday: 1, client_address: "0.0.0.0" } as const;

/**
 * Whether an ask could be permitted if reason, time and address were right.
 *
 * Groups are compared, and of each condition `a && b && …` the parts are evaluated that depend on nothing but the
 * principal, the operation and whether a person stands behind the agent. What remains is given back as text. So an
 * outlook may promise what a decision then denies (a condition that nothing could meet); it hides nothing that one permits.
 * @param set the policies about the ask's operation, for its mode
 * @param known id of the set of the policies' known parts (`CompiledPolicy.known`), all permits
 */
export function outlook(
  engine: Engine,
  set: OperationPolicies | undefined,
  known: string,
  ask: PolicyAsk,
): Outlook {
  const relevant = set?.policies ?? [];
  const permits = relevant.filter(({ entry }) => !entry.forbid);
  if (permits.length === 0) return closed([nobodyMay(ask.connection, ask.operation)]);
  const { has_person, person_groups, break_glass } = ask.context;
  const listing = { ...ask, context: { ...unknown, has_person, person_groups, break_glass } };
  const impossible = refuseAll(listing);
  if (impossible !== undefined) return closed([impossible]);
  const asker = askerOf(ask);
  const mine = relevant.filter((policy) => concerns(policy, asker));
  let judgement: Judgement | undefined;
  try {
    if (mine.some((policy) => policy.known !== undefined)) judgement = judge(engine, known, listing);
  } catch (error) {
    return closed([
      `the policies could not be evaluated, so nothing is permitted: ${printable(messageOf(error))}`,
    ]);
  }
  if (judgement !== undefined && judgement.errors.size > 0) {
    return closed(
      Array.from(judgement.errors, ([id, message]) =>
        evaluationFailed(
          mine.find((policy) => policy.id === id),
          message,
        ),
      ),
    );
  }
  const possible = mine.filter(
    ({ id, known: part }) => part === undefined || judgement?.determining.has(id) === true,
  );
  return weigh(permits, possible, asker);
}

/**
 * @param permits all that permit somebody, for the reasons
 * @param possible policies, forbids too, that hold as far as can be known
 */
function weigh(
  permits: readonly CompiledPolicy[],
  possible: readonly CompiledPolicy[],
  asker: Asker,
): Outlook {
  const forbids = possible.filter(({ entry }) => entry.forbid);
  const certain = forbids.filter(({ open }) => !open);
  if (certain.length > 0) return closed(certain.map((policy) => forbiddenBy(policy, asker)));
  const compare = byLeastAsking({ requested: 0 });
  const [best, ...others] = possible
    .filter(({ entry }) => !entry.forbid)
    .toSorted((a, b) => {
      const [left, right] = [termsOf(a.entry), termsOf(b.entry)];
      // What demands nothing of the task decides first, as it does for an ask that brings nothing.
      const demands = Number(isUndemanding(right)) - Number(isUndemanding(left));
      const approval = Number(left.approval !== undefined) - Number(right.approval !== undefined);
      // A condition asks something too, though less than an approval.
      return demands || approval || Number(a.open) - Number(b.open) || compare(left, right);
    });
  if (best === undefined) {
    const closest = permits.toSorted((a, b) => Number(concerns(b, asker)) - Number(concerns(a, asker)));
    return closed(closest.map((policy) => unmet(policy, asker)));
  }
  const wayOf = (policy: CompiledPolicy): Way => ({
    terms: termsOf(policy.entry),
    conditions: [
      ...(policy.open ? [conditionOf("if", policy)] : []),
      ...forbids.map((forbid) => conditionOf("not while", forbid)),
    ],
  });
  const alternatives = alternativesTo(best, others).map(wayOf);
  return {
    requestable: true,
    ...wayOf(best),
    ...(alternatives.length === 0 ? {} : { alternatives }),
    reasons: bounded([permittedBy(best, asker), ...others.map((policy) => alsoBy(policy, asker))]),
  };
}

/** Those that are better than the best, and than each other before them, in something. */
function alternativesTo(best: CompiledPolicy, others: readonly CompiledPolicy[]): readonly CompiledPolicy[] {
  const found: CompiledPolicy[] = [];
  for (const each of others) {
    if (found.length === MAX_ALTERNATIVES) break;
    if (![best, ...found].some((earlier) => isNowhereWorse(earlier, each))) found.push(each);
  }
  return found;
}

/** Whether one policy asks no more than another in anything, and gives as long a time. */
function isNowhereWorse(one: CompiledPolicy, other: CompiledPolicy): boolean {
  const [left, right] = [askedBy(one), askedBy(other)];
  return left.every((asked, at) => asked <= (right[at] ?? 0));
}

/** How much a policy asks, a number each: none, or more the more it asks. */
function askedBy({ entry, open }: CompiledPolicy): readonly number[] {
  const { approval, closedPaths, lease, sandbox, maxTtl } = termsOf(entry);
  return [
    approval?.count ?? 0,
    Number(open),
    Number(sandbox !== undefined),
    lease === undefined ? 0 : 1 / lease,
    closedPaths === undefined ? 0 : 1 / closedPaths,
    -maxTtl,
  ];
}

function conditionOf(kind: Condition["kind"], { entry }: CompiledPolicy): Condition {
  return { kind, text: (entry.when ?? "").trim() };
}

function closed(reasons: readonly string[]): Outlook {
  return { requestable: false, conditions: [], reasons: bounded(reasons) };
}
