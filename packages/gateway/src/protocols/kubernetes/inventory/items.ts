import type { SeenActs } from "../../../gate/inventory/inventory.ts";
import { type CommandNeed, needOf, type ObjectNeed, type PortNeed } from "./need.ts";

/** Requests that are alike, with what they need that can be granted. */
export interface Item<N extends Granted = Granted> {
  readonly seen: SeenActs;
  readonly need: N;
}

export type Granted = ObjectNeed | CommandNeed | PortNeed;

/** A request that nothing proposed covers. */
export interface Left {
  readonly reason: string;
  readonly seen: SeenActs;
  /** What it needs; left out: nothing that can be granted, or that anybody should be shown. */
  readonly need?: Granted;
  /** The command as a person might grant it. */
  readonly command?: readonly string[];
  /** Nothing speaks against it but how seldom it was, or who did it. */
  readonly isHarmless?: true;
}

/** Requests by whether they need an operation. */
export interface Sorted {
  readonly items: readonly Item[];
  /** What needs none: which resources there are. */
  readonly free: readonly SeenActs[];
}

/** @param left gets what is never granted, and what the cluster did by itself */
export function sorted(all: readonly SeenActs[], left: Left[]): Sorted {
  const items: Item[] = [];
  const free: SeenActs[] = [];
  for (const seen of ofAgents(all, left)) {
    const need = needOf(seen.act);
    if (need.kind === "nothing") free.push(seen);
    else if (need.kind === "never") left.push({ reason: `never granted: ${need.why}`, seen });
    else items.push({ seen, need });
  }
  return { items, free };
}

/** The cluster's own components (Kubernetes: "PKI certificates", "RBAC", default users), and what runs beside them. */
const component =
  /^(?:system:(?!serviceaccount:|anonymous$|admin$)|system:serviceaccount:kube-[a-z-]+:|eks:|aks-?service$)/u;

/** What somebody else than the cluster's components did; all, where nobody else did anything. */
function ofAgents(all: readonly SeenActs[], left: Left[]): readonly SeenActs[] {
  if (all.every(({ by }) => [...by.keys()].every((name) => component.test(name)))) return all;
  return all.flatMap((seen) => {
    const theirs = [...seen.by].filter(([name]) => component.test(name));
    if (theirs.length === 0) return [seen];
    const others = [...seen.by].filter(([name]) => !component.test(name));
    const count = (some: readonly (readonly [string, number])[]): number =>
      some.reduce((sum, [, times]) => sum + times, 0);
    left.push({
      reason: "the cluster's own components did it",
      seen: { ...seen, by: new Map(theirs), times: count(theirs) },
      isHarmless: true,
    });
    return others.length === 0 ? [] : [{ ...seen, by: new Map(others), times: count(others) }];
  });
}
