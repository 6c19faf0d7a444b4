import { type Candidate, distinct, type Kind, togetherBy } from "./candidate.ts";
import type { Item } from "./items.ts";
import { listedNames } from "./names.ts";
import type { ObjectNeed } from "./need.ts";
import { isRead, isWorkload } from "./reasons.ts";

/** Stands for the cluster among namespaces: no namespace has this name. */
const CLUSTER = "";

/** What was done to the objects of one resource in one namespace. */
interface Entry {
  readonly what: string;
  readonly place: string;
  readonly verbs: readonly string[];
  /** Undefined: any. */
  readonly names: readonly string[] | undefined;
  readonly accounts: readonly string[];
  readonly items: readonly Item<ObjectNeed>[];
}

const placeOf = ({ need: { namespace = CLUSTER } }: Item<ObjectNeed>): string => namespace;

function kindOf({ need }: Item<ObjectNeed>): Kind {
  if (isRead(need)) return "read";
  if (need.verb === "create") return "create";
  return need.verb === "update" || need.verb === "patch" ? "change" : "delete";
}

/** Operations about objects: reads, creations, changes and deletes apart. */
export function objectCandidates(items: readonly Item<ObjectNeed>[]): readonly Candidate[] {
  return togetherBy(items, kindOf).flatMap((of) => {
    const kind = kindOf(of[0] as Item<ObjectNeed>);
    if (kind === "read") return readCandidates(of);
    const entries = togetherBy(of, (item) => [
      item.need.what,
      placeOf(item),
      item.need.accounts,
      item.need.makes,
    ]).map(entryOf);
    return candidatesFor(kind, entries, ({ verbs, names, accounts, what }) => [
      verbs,
      names ?? null,
      accounts,
      isWorkload(what),
    ]);
  });
}

/**
 * Reads. Whoever lists a resource, or watches it, is shown all of its objects, so that names say nothing there, and get, list and
 * watch reach the same. What somebody lists in all namespaces takes with it what the same agents read in one.
 */
function readCandidates(items: readonly Item<ObjectNeed>[]): readonly Candidate[] {
  const everywhere = listersOfAll(items);
  const entries = togetherBy(items, (item) => [
    item.need.what,
    isWithin(item, everywhere) ? CLUSTER : placeOf(item),
  ]).map((of) => ({ of, isListed: of.some(isListed), isAll: of.some((item) => placeOf(item) === CLUSTER) }));
  return [
    ...candidatesFor(
      "read",
      entries.flatMap(({ of, isListed: whole, isAll }) =>
        whole ? [{ ...entryOf(of), names: undefined, ...(isAll ? { place: CLUSTER } : {}) }] : [],
      ),
      () => "listed",
    ),
    ...candidatesFor(
      "read",
      entries.flatMap(({ of, isListed: whole }) => (whole ? [] : [entryOf(of)])),
      ({ names }) => names ?? null,
    ),
  ];
}

const isListed = ({ need: { verb } }: Item<ObjectNeed>): boolean => verb === "list" || verb === "watch";

/** Who lists a resource across the cluster. */
function listersOfAll(items: readonly Item<ObjectNeed>[]): ReadonlyMap<string, ReadonlySet<string>> {
  const listers = new Map<string, Set<string>>();
  for (const item of items) {
    if (!isListed(item) || placeOf(item) !== CLUSTER) continue;
    const known = listers.get(item.need.what) ?? new Set<string>();
    for (const who of item.seen.by.keys()) known.add(who);
    listers.set(item.need.what, known);
  }
  return listers;
}

/** Whether all who did something list the resource across the cluster. */
const isWithin = (
  { need: { what }, seen }: Item<ObjectNeed>,
  listers: ReadonlyMap<string, ReadonlySet<string>>,
): boolean => [...seen.by.keys()].every((who) => listers.get(what)?.has(who) === true);

/** The most names that are listed of what an apply may make: what makes more is set apart. */
const MAX_MADE = 200;

function entryOf(items: readonly Item<ObjectNeed>[]): Entry {
  const [first] = items as readonly [Item<ObjectNeed>, ...Item<ObjectNeed>[]];
  const counts = new Map<string, number>();
  let areNamed = true;
  for (const { need, seen } of items) {
    if (need.name === undefined) areNamed = false;
    else counts.set(need.name, (counts.get(need.name) ?? 0) + seen.times);
  }
  const names = areNamed ? listedNames(counts) : undefined;
  // Without names `create` would make anything.
  const mayMake = first.need.makes && (names !== undefined || counts.size <= MAX_MADE);
  return {
    what: first.need.what,
    place: placeOf(first),
    verbs: distinct(items.flatMap(({ need: { verb } }) => (mayMake ? ["create", verb] : [verb]))),
    names: mayMake && areNamed ? distinct([...counts.keys()]) : names,
    accounts: first.need.accounts,
    items,
  };
}

/** The most resources of one operation. */
const MAX_RESOURCES = 50;

/** Puts together resources that are alike by a key in the same namespaces. */
function candidatesFor(
  kind: Kind,
  entries: readonly Entry[],
  keyOf: (entry: Entry) => unknown,
): readonly Candidate[] {
  const resources = togetherBy(entries, (entry) => [entry.what, entry.place === CLUSTER, keyOf(entry)]).map(
    (of) => ({
      of,
      key: keyOf(of[0] as Entry),
      places: distinct(of.map(({ place }) => place)),
    }),
  );
  return togetherBy(resources, ({ key, places }) => [key, places])
    .flatMap((group) => inSteps(group.toSorted((one, other) => (whatOf(one) < whatOf(other) ? -1 : 1))))
    .map((group) =>
      candidateOf(
        kind,
        group.flatMap(({ of }) => of),
      ),
    );
}

const whatOf = ({ of }: { readonly of: readonly Entry[] }): string => of[0]?.what ?? "";

function inSteps<T>(group: readonly T[]): readonly (readonly T[])[] {
  if (group.length <= MAX_RESOURCES) return [group];
  return [group.slice(0, MAX_RESOURCES), ...inSteps(group.slice(MAX_RESOURCES))];
}

/** The order in which verbs are written. */
const order = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

function candidateOf(kind: Kind, entries: readonly Entry[]): Candidate {
  const [{ names, accounts, place }] = entries as readonly [Entry, ...Entry[]];
  const resources = distinct(entries.map(({ what }) => what));
  const verbs = new Set(entries.flatMap((entry) => entry.verbs));
  const namespaces = place === CLUSTER ? [] : distinct(entries.map((entry) => entry.place));
  return {
    kind,
    scope: {
      resources,
      verbs: order.filter((verb) => verbs.has(verb)),
      ...(place === CLUSTER ? { cluster: true } : { namespaces }),
      ...(names === undefined ? {} : { names }),
      ...(accounts.length === 0 ? {} : { service_accounts: accounts }),
    },
    items: entries.flatMap(({ items }) => items),
    about: resources,
    namespaces,
    names,
  };
}
