import type {
  Proposal,
  ProposalParts,
  ProposedOperation,
  SeenActs,
  SetApart,
} from "../../../gate/inventory/inventory.ts";
import { boundedApart, MAX_OPERATIONS, TOO_MANY } from "../../../gate/inventory/bounds.ts";
import { compileScope } from "../guard/compile.ts";
import { cover } from "../guard/cover.ts";
import { MAX_WORK, Work } from "../guard/work.ts";
import { checkScope, scopeSchema } from "../scope.ts";
import { writtenScope } from "./atoms.ts";
import { type Cluster, clustersOf, draftOf, type NeedingActs, scopeOfAll, statementOf } from "./cluster.ts";
import { Names } from "../../../gate/inventory/operation-names.ts";
import { evidenceOf } from "../../../gate/inventory/evidence.ts";
import { withLocks } from "./locks.ts";
import { type Left, look } from "./look.ts";
import type { Needs } from "./needs.ts";
import { notesOf } from "./notes.ts";
import { reasonAgainst } from "./reasons.ts";
import { searchPathOf } from "./search-path.ts";
import { shownStatement } from "./shown.ts";
import { assumedDatabase, type DatabaseStructure, readStructure } from "./structure.ts";

/** How many statements an entry of what is set apart shows. */
const MAX_EXAMPLES = 3;

/** Proposes the operations of a PostgreSQL connection. @throws MayflyError when the structure cannot be read */
export function propose(seen: readonly SeenActs[], parts: ProposalParts): Proposal {
  const searchPath = searchPathOf(parts.target);
  const structure =
    parts.structure === undefined ? undefined : readStructure(parts.structure, searchPath[0] ?? "public");
  const { needing, left } = look(seen, searchPath, structure);
  const locking = withLocks(needing);
  const freely = needing.filter(({ needs }) => needsNothing(needs));
  const rest = locking.filter(({ needs }) => !needsNothing(needs));
  const included: NeedingActs[] = [];
  for (const acts of rest) {
    if (needsTypesAlone(acts.needs)) {
      left.push({
        reason: "it names a type or a setting and no table, and no operation is about that",
        seen: acts.seen,
      });
      continue;
    }
    const reason = acts.lockReason ?? reasonAgainst(acts, structure, parts.minSeen);
    if (reason === undefined) included.push(acts);
    else left.push({ reason, seen: acts.seen, ...(acts.isUngrantable === true ? {} : { acts }) });
  }
  const taken = new Names(parts.taken);
  const operations: ProposedOperation[] = [];
  for (const cluster of clustersOf(included)) {
    const sayable = cluster.members.filter((each) => isLoadable([each]));
    const together = coveredTogether({ ...cluster, members: sayable }, { searchPath, structure });
    const covered = isLoadable(together) ? together : [];
    const [isSayable, isCovered] = [new Set(sayable), new Set(covered)];
    for (const acts of cluster.members.filter((each) => !isCovered.has(each)))
      left.push({
        reason: isSayable.has(acts)
          ? "it needs an operation of its own"
          : "no configuration can name what it needs: a name with a dot, a blank or a quote in it, say",
        seen: acts.seen,
        acts,
      });
    if (covered.length === 0) continue;
    if (operations.length === MAX_OPERATIONS) {
      for (const { seen } of covered) left.push({ reason: TOO_MANY, seen });
      continue;
    }
    operations.push({
      ...draftOf({ ...cluster, members: covered }, searchPath, taken),
      evidence: evidenceOf(covered.map((each) => each.seen)),
      notes: notesOf(covered),
    });
  }
  return {
    operations: operations.toSorted((one, other) => other.evidence.times - one.evidence.times),
    apart: setApart(left, searchPath, taken),
    freely: evidenceOf(freely.map((each) => each.seen)),
  };
}

const needsNothing = ({ atoms }: Needs): boolean =>
  atoms.every((atom) => atom[0] === "statement" || (atom[0] === "catalog" && atom[1] === "granted"));

/** Whether it needs types or settings alone: no operation is about those. */
const needsTypesAlone = ({ atoms }: Needs): boolean =>
  atoms.every(
    (atom) =>
      atom[0] === "statement" || (atom[0] === "name" && (atom[1] === "types" || atom[1] === "settings")),
  );

/** Those of a cluster that its scope covers: what grants more can forbid something only in rare cases, and they are looked for. */
function coveredTogether(
  { members }: Cluster,
  parts: { readonly searchPath: readonly string[]; readonly structure: DatabaseStructure | undefined },
): readonly NeedingActs[] {
  const scopes = [
    compileScope("c/o", scopeOfAll(members), parts.searchPath, assumedDatabase(parts.structure)),
  ];
  return members.filter((each) => {
    try {
      cover(statementOf(each), scopes, new Work(MAX_WORK));
      return true;
    } catch {
      return false;
    }
  });
}

/** Whether a configuration takes what all of them need together. */
function isLoadable(members: readonly NeedingActs[]): boolean {
  if (members.length === 0) return true;
  const parsed = scopeSchema.safeParse(writtenScope(scopeOfAll(members)));
  return parsed.success && checkScope(parsed.data).length === 0;
}

/** Puts what is left together by its reason and by what could cover it. */
function setApart(left: readonly Left[], searchPath: readonly string[], taken: Names): readonly SetApart[] {
  const apart = [...Map.groupBy(left, ({ reason }) => reason)].flatMap(([reason, all]): SetApart[] => {
    const uncovered = all.filter(({ acts }) => acts === undefined);
    const clusters = clustersOf(all.flatMap(({ acts }) => acts ?? []));
    const entry = (seen: readonly SeenActs[]): Omit<SetApart, "draft"> => ({
      reason,
      evidence: evidenceOf(seen),
      examples: [...new Set(seen.slice(0, MAX_EXAMPLES).map(({ act }) => shownStatement(act)))],
    });
    return [
      ...(uncovered.length === 0 ? [] : [entry(uncovered.map(({ seen }) => seen))]),
      ...clusters.map((cluster) => ({
        ...entry(cluster.members.map(({ seen }) => seen)),
        ...(isLoadable(cluster.members)
          ? { draft: { ...draftOf(cluster, searchPath, taken), risk: "high" as const } }
          : {}),
      })),
    ];
  });
  return boundedApart(apart);
}
