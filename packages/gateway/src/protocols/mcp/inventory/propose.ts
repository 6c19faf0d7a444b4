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
import type { Call } from "./calls.ts";
import { readDefinitions } from "./definitions.ts";
import { needOf } from "./need.ts";
import { notesOf } from "./notes.ts";
import { clustersOf, draftOf } from "./operations.ts";
import { promptUnits, type PromptUse } from "./prompts.ts";
import { type Reading, resourceUnits } from "./resources.ts";
import { kindOf } from "./tool-kinds.ts";
import { toolUnits } from "./tool-units.ts";
import type { Left, Unit } from "./unit.ts";

/** Proposes the operations of an MCP server. @throws MayflyError when the structure cannot be read */
export function propose(
  seen: readonly SeenActs[],
  { target, structure, minSeen, taken }: ProposalParts,
): Proposal {
  const definitions = structure === undefined ? undefined : readDefinitions(structure);
  const left: Left[] = [];
  const calls: Call[] = [];
  const readings: Reading[] = [];
  const prompts: PromptUse[] = [];
  const freely: SeenActs[] = [];
  for (const each of seen) {
    const need = needOf(each.act);
    if (need.kind === "free") freely.push(each);
    else if (need.kind === "never") left.push({ reason: `never granted: ${need.why}`, seen: each });
    else if (need.kind === "resource") readings.push({ seen: each, uri: need.uri });
    else if (need.kind === "prompt") prompts.push({ seen: each, name: need.name });
    else {
      const { name: tool, given } = need;
      const kind = kindOf(tool, given, definitions?.get(tool)?.annotations ?? {});
      calls.push({ seen: each, tool, kind, given });
    }
  }
  const units = [
    ...toolUnits(calls, { definitions, minSeen }, left),
    ...resourceUnits(readings, minSeen, left),
    ...promptUnits(prompts, minSeen, left),
  ];
  const names = new Names(taken);
  const operations = mostSeen(clustersOf(units), left).map((cluster): ProposedOperation => ({
    ...draftOf(cluster, names),
    evidence: evidenceOf(actsOf(cluster)),
    notes: notesOf(cluster, target),
  }));
  return {
    operations: operations.toSorted((one, other) => other.evidence.times - one.evidence.times),
    apart: setApart(left, definitions, names),
    freely: evidenceOf(freely),
  };
}

const actsOf = (cluster: readonly Unit[]): readonly SeenActs[] => cluster.flatMap(({ acts }) => acts);

/** As many clusters as anybody reads, those that were seen most; in an order that does not hang on how often it was. */
function mostSeen(clusters: readonly (readonly Unit[])[], left: Left[]): readonly (readonly Unit[])[] {
  const sorted = clusters
    .map((cluster) => ({ cluster, times: evidenceOf(actsOf(cluster)).times }))
    .toSorted((one, other) => other.times - one.times)
    .map(({ cluster }) => cluster);
  for (const cluster of sorted.slice(MAX_OPERATIONS))
    for (const seen of actsOf(cluster)) left.push({ reason: TOO_MANY, seen });
  return sorted
    .slice(0, MAX_OPERATIONS)
    .toSorted(([one], [other]) => ((one?.about ?? "") < (other?.about ?? "") ? -1 : 1));
}
