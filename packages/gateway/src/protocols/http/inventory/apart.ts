import { boundedApart } from "../../../gate/inventory/bounds.ts";
import { evidenceOf } from "../../../gate/inventory/evidence.ts";
import type { SeenActs, SetApart } from "../../../gate/inventory/inventory.ts";
import type { Names } from "../../../gate/inventory/operation-names.ts";
import { refusalOf } from "./covered.ts";
import type { Left } from "./left.ts";
import { clustersOf, draftOf, type Member } from "./operations.ts";
import { shownRequest } from "./request.ts";

/** How many requests an entry of what is set apart shows. */
const MAX_EXAMPLES = 3;

/** Puts what is left together by its reason and by what could cover it. */
export function setApart(left: readonly Left[], names: Names): readonly SetApart[] {
  const clusters = new Map<SetApart, readonly Member[]>();
  const entries = [...Map.groupBy(left, ({ reason }) => reason)].flatMap(([reason, all]) => {
    const uncovered = all.filter(({ of }) => of === undefined).map(({ seen }) => seen);
    const members = [
      ...Map.groupBy(
        all.flatMap(({ of }) => of ?? []),
        ({ endpoint }) => endpoint,
      ),
    ].map(([endpoint, those]): Member => ({ endpoint, items: those.map(({ item }) => item) }));
    return [
      ...(uncovered.length === 0 ? [] : [entryOf(reason, uncovered)]),
      ...clustersOf(members).map((cluster) => {
        const entry = entryOf(
          reason,
          cluster.flatMap(({ items }) => items.map(({ seen }) => seen)),
        );
        clusters.set(entry, cluster);
        return entry;
      }),
    ];
  });
  return boundedApart(entries).map((entry) => {
    const cluster = clusters.get(entry);
    // A draft that does not grant what it is said to grant helps nobody.
    const refusal = cluster === undefined ? undefined : refusalOf(cluster);
    const isGranted =
      refusal !== undefined &&
      cluster?.some(({ items }) => items.some((item) => refusal(item) === undefined));
    return cluster === undefined || isGranted !== true
      ? entry
      : { ...entry, draft: { ...draftOf(cluster, names), risk: "high" } };
  });
}

const entryOf = (reason: string, seen: readonly SeenActs[]): SetApart => ({
  reason,
  evidence: evidenceOf(seen),
  examples: [...new Set(seen.slice(0, MAX_EXAMPLES).map(({ act }) => shownRequest(act)))],
});
