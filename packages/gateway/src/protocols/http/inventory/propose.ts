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
import { sayable } from "./covered.ts";
import { decided } from "./decided.ts";
import { readApiDocument } from "./document.ts";
import { endpointsOf, type SeenItem } from "./endpoints.ts";
import type { Left } from "./left.ts";
import { notesOf } from "./notes.ts";
import { clustersOf, draftOf, type Member } from "./operations.ts";
import { readSeenRequest } from "./request.ts";
import { baseOf, withoutBase } from "./target.ts";
import { withoutWide } from "./wide.ts";

/** Proposes the operations of an HTTP connection. @throws MayflyError when the document cannot be read */
export function propose(
  seen: readonly SeenActs[],
  { target, structure, minSeen, taken }: ProposalParts,
): Proposal {
  const document = structure === undefined ? undefined : readApiDocument(structure);
  const left: Left[] = [];
  const items = itemsOf(seen, baseOf(target), left);
  const included = endpointsOf(items, document).flatMap((endpoint): readonly Member[] => {
    const kept = decided(endpoint, { isDocumented: document !== undefined, minSeen }, left);
    return kept.length === 0 ? [] : [{ endpoint, items: kept }];
  });
  const clusters = mostSeen(clustersOf(included), left).flatMap((cluster) => sayable(cluster, left));
  const names = new Names(taken);
  const operations = inOrder(withoutWide(clusters, left)).map((cluster): ProposedOperation => ({
    ...draftOf(cluster, names),
    evidence: evidenceOf(actsOf(cluster)),
    notes: notesOf(cluster),
  }));
  return {
    operations: operations.toSorted((one, other) => other.evidence.times - one.evidence.times),
    apart: setApart(left, names),
    freely: evidenceOf([]),
  };
}

/** @param base the path that logs of the API have before each request's own */
function itemsOf(seen: readonly SeenActs[], base: string, left: Left[]): readonly SeenItem[] {
  return seen.flatMap((each) => {
    const request = readSeenRequest(withoutBase(each.act, base));
    if (!("why" in request)) return [{ seen: each, request, times: each.times }];
    left.push({ reason: `never granted: ${request.why}`, seen: each });
    return [];
  });
}

const actsOf = (cluster: readonly Member[]): readonly SeenActs[] =>
  cluster.flatMap(({ items }) => items.map(({ seen }) => seen));

/** As many clusters as anybody reads, those that were seen most. */
function mostSeen(clusters: readonly (readonly Member[])[], left: Left[]): readonly (readonly Member[])[] {
  const sorted = clusters
    .map((cluster) => ({ cluster, times: actsOf(cluster).reduce((sum, { times }) => sum + times, 0) }))
    .toSorted((one, other) => other.times - one.times)
    .map(({ cluster }) => cluster);
  for (const cluster of sorted.slice(MAX_OPERATIONS))
    for (const seen of actsOf(cluster)) left.push({ reason: TOO_MANY, seen });
  return sorted.slice(0, MAX_OPERATIONS);
}

/** What there is of everything before what there is of one thing, and so on: names do not depend on how often it was seen. */
const inOrder = (clusters: readonly (readonly Member[])[]): readonly (readonly Member[])[] =>
  clusters
    .map((cluster) => ({ cluster, key: keyOf(cluster) }))
    .toSorted((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ cluster }) => cluster);

const keyOf = (cluster: readonly Member[]): string =>
  cluster
    .map(({ endpoint }) => `${String(endpoint.parts.length).padStart(4, "0")} ${endpoint.template}`)
    .toSorted()
    .join(" ");
