import { MAX_OPERATIONS, TOO_MANY } from "../../../gate/inventory/bounds.ts";
import { evidenceOf } from "../../../gate/inventory/evidence.ts";
import type {
  Proposal,
  ProposalParts,
  ProposedOperation,
  SeenActs,
} from "../../../gate/inventory/inventory.ts";
import { Names } from "../../../gate/inventory/operation-names.ts";
import { setApart } from "./apart.ts";
import type { Candidate } from "./candidate.ts";
import { candidatesOf } from "./candidates.ts";
import { decided } from "./decided.ts";
import { draftsOf } from "./drafts.ts";
import { type Item, type Left, sorted } from "./items.ts";
import { notesOf } from "./notes.ts";
import { withoutWide } from "./wide.ts";

/** Proposes the operations of a cluster. */
export function propose(seen: readonly SeenActs[], { minSeen, taken }: ProposalParts): Proposal {
  const left: Left[] = [];
  const { items, free } = sorted(seen, left);
  const kept = decided(knownPorts(items), minSeen, left);
  const candidates = withoutWide(mostSeen(candidatesOf(kept, left), left), left);
  const names = new Names(taken);
  const inOrder = candidates.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const drafts = draftsOf(inOrder, names);
  const operations = inOrder.flatMap((candidate, at): readonly ProposedOperation[] => {
    const draft = drafts[at];
    if (draft === undefined) return [];
    return [
      {
        ...draft,
        evidence: evidenceOf(candidate.items.map(({ seen: each }) => each)),
        notes: notesOf(candidate),
      },
    ];
  });
  return {
    operations: operations.toSorted((one, other) => other.evidence.times - one.evidence.times),
    apart: setApart(left, names),
    freely: evidenceOf(free),
  };
}

/** Names do not depend on how often something was seen. */
const keyOf = ({ scope }: Candidate): string => JSON.stringify(scope);

/** Without the requests that open the way for forwarded connections, where those themselves are known. */
function knownPorts(items: readonly Item[]): readonly Item[] {
  const known = new Set(
    items.flatMap(({ need }) =>
      need.kind === "port" && need.port !== undefined ? [`${need.namespace}/${need.pod}`] : [],
    ),
  );
  return items.filter(
    ({ need }) =>
      need.kind !== "port" || need.port !== undefined || !known.has(`${need.namespace}/${need.pod}`),
  );
}

/** As many candidates as anybody reads, those that were seen most. */
function mostSeen(candidates: readonly Candidate[], left: Left[]): readonly Candidate[] {
  const timesOf = ({ items }: Candidate): number => items.reduce((sum, { seen }) => sum + seen.times, 0);
  const all = candidates.toSorted((one, other) => timesOf(other) - timesOf(one));
  for (const { items } of all.slice(MAX_OPERATIONS))
    for (const { seen } of items) left.push({ reason: TOO_MANY, seen });
  return all.slice(0, MAX_OPERATIONS);
}
