import { boundedApart } from "../../../gate/inventory/bounds.ts";
import { evidenceOf } from "../../../gate/inventory/evidence.ts";
import type { OperationDraft, SetApart } from "../../../gate/inventory/inventory.ts";
import type { Names } from "../../../gate/inventory/operation-names.ts";
import type { Definitions } from "./definitions.ts";
import { type Drafted, draftOf } from "./operations.ts";
import { refusalOf } from "./scope-judge.ts";
import { shownCall } from "./shown.ts";
import { leavesOf, useOf } from "./arguments.ts";
import type { Call } from "./calls.ts";
import { doingOf } from "./tool-names.ts";
import { schemaOfCalls } from "./tools.ts";
import type { Left } from "./unit.ts";

/** How many messages an entry of what is set apart shows. */
const MAX_EXAMPLES = 3;
/** The most resources that a draft names. */
const MAX_URIS = 20;

/** Whether a place is in a call that no pattern is made of: the draft takes any. */
const hasRefusedPlace = ({ tool, given }: Call): boolean =>
  leavesOf(given).some(({ name, value }) => {
    const use = typeof value === "string" ? useOf(tool, name, value) : undefined;
    return use?.kind === "place" && use.place.why !== undefined;
  });

function draftedOf(all: readonly Left[], definitions: Definitions | undefined): Drafted | undefined {
  const calls = all.flatMap(({ call }) => call ?? []);
  const [first] = calls;
  if (first !== undefined) {
    const { tool, given } = first;
    const { schema } = schemaOfCalls(calls, definitions?.get(tool));
    const words = doingOf(tool, given);
    const isAnyPlace = calls.some(hasRefusedPlace);
    return {
      words,
      together: words,
      risk: "high",
      ...(isAnyPlace ? { beyond: ", with any path or address" } : {}),
      scope: { tools: { [tool]: schema ?? {} } },
    };
  }
  const resources = [...new Set(all.flatMap(({ uri }) => uri ?? []))].toSorted().slice(0, MAX_URIS);
  return resources.length === 0
    ? undefined
    : { words: "read resources", together: "read resources", risk: "high", scope: { resources } };
}

/** A draft that does not grant what it is said to grant helps nobody. */
function draftFor(
  all: readonly Left[],
  definitions: Definitions | undefined,
  names: Names,
): OperationDraft | undefined {
  const drafted = draftedOf(all, definitions);
  if (drafted === undefined) return undefined;
  const refusal = refusalOf(drafted.scope);
  const isGranted = refusal !== undefined && all.some(({ seen }) => refusal(seen.act) === undefined);
  return isGranted ? draftOf([drafted], names) : undefined;
}

/** Puts what is left together by its reason and by what could cover it. */
export function setApart(
  left: readonly Left[],
  definitions: Definitions | undefined,
  names: Names,
): readonly SetApart[] {
  const groups = new Map<SetApart, readonly Left[]>();
  const keyOf = ({ reason, call, uri }: Left): string =>
    JSON.stringify([reason, call === undefined ? "" : `${call.kind} ${call.tool}`, uri !== undefined]);
  for (const all of Map.groupBy(left, keyOf).values()) {
    const seen = all.map((each) => each.seen);
    const examples = [...new Set(seen.slice(0, MAX_EXAMPLES).map(({ act }) => shownCall(act)))];
    groups.set({ reason: all[0]?.reason ?? "", evidence: evidenceOf(seen), examples }, all);
  }
  return boundedApart([...groups.keys()]).map((entry) => {
    const draft = draftFor(groups.get(entry) ?? [], definitions, names);
    return draft === undefined ? entry : { ...entry, draft };
  });
}
