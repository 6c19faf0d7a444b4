import { type Candidate, distinct, togetherBy } from "./candidate.ts";
import { commandCandidates } from "./commands-in-pods.ts";
import type { Item, Left } from "./items.ts";
import type { PortNeed } from "./need.ts";
import { objectCandidates } from "./objects.ts";

const isOf = <K extends Item["need"]["kind"]>(
  kind: K,
): ((item: Item) => item is Item<Extract<Item["need"], { kind: K }>>) =>
  ((item: Item) => item.need.kind === kind) as (
    item: Item,
  ) => item is Item<Extract<Item["need"], { kind: K }>>;

/** The fewest operations that grant requests what they need, and nothing that none of them needed. @param left gets commands that no pattern covers */
export function candidatesOf(items: readonly Item[], left: Left[]): readonly Candidate[] {
  return [
    ...objectCandidates(items.filter(isOf("object"))),
    ...commandCandidates(items.filter(isOf("command")), left),
    ...portCandidates(items.filter(isOf("port"))),
  ];
}

function portCandidates(items: readonly Item<PortNeed>[]): readonly Candidate[] {
  const ways = togetherBy(items, ({ need: { namespace, pod } }) => [namespace, pod]).map((of) => ({
    namespace: of[0]?.need.namespace ?? "",
    pod: of[0]?.need.pod ?? "",
    ports: [...new Set(of.flatMap(({ need: { port } }) => port ?? []))].toSorted((one, other) => one - other),
    of,
  }));
  return togetherBy(
    ways.filter(({ ports }) => ports.length > 0),
    ({ namespace, ports }) => [namespace, ports],
  ).map((group): Candidate => {
    const names = distinct(group.map(({ pod }) => pod));
    const namespaces = distinct(group.map(({ namespace }) => namespace));
    return {
      kind: "forward",
      scope: { port_forward: { namespaces, names, ports: group[0]?.ports ?? [] } },
      items: group.flatMap(({ of }) => of),
      about: names,
      namespaces,
      names,
    };
  });
}
