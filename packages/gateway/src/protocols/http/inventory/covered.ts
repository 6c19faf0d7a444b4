import { checkScope, scopeSchema } from "../scope.ts";
import type { Endpoint, SeenItem } from "./endpoints.ts";
import { judgeOf } from "./judge.ts";
import type { Left } from "./left.ts";
import { type Member, scopeOf } from "./operations.ts";

const UNSAYABLE = "no configuration can say what it needs";
/** Of an endpoint that no configuration can say, so many requests are looked at one by one. */
const MAX_ALONE = 200;

/** Why a request is refused; undefined: it is not. */
export type Refusal = (item: SeenItem) => string | undefined;

/** Why the scope of a cluster refuses a request, when it is loaded and asked; undefined: no configuration takes it. */
export function refusalOf(cluster: readonly Member[]): Refusal | undefined {
  const scope = scopeSchema.safeParse(scopeOf(cluster));
  if (!scope.success || checkScope(scope.data).length > 0) return undefined;
  const judge = judgeOf([{ name: "connection/operation", scope: scope.data }], {});
  return ({ request, seen: { act } }) => {
    const end = act.indexOf("\n");
    const verdict = judge(`${request.method} ${request.target}${end === -1 ? "" : act.slice(end)}`);
    return verdict.kind === "permit" ? undefined : verdict.denial.message;
  };
}

/** The members of a cluster that a scope covers: one for all of them, or where that cannot be said one for each endpoint. */
export function sayable(cluster: readonly Member[], left: Left[]): readonly (readonly Member[])[] {
  const together = refusalOf(cluster);
  if (together !== undefined) return coveredBy(cluster, together, left);
  if (cluster.length > 1) return cluster.flatMap((member) => sayable([member], left));
  const [{ endpoint, items }] = cluster as readonly [Member];
  const alone = items
    .slice(0, MAX_ALONE)
    .filter((item) => refusalOf([{ endpoint, items: [item] }]) !== undefined);
  const isWhole = alone.length === items.length || refusalOf([{ endpoint, items: alone }]) === undefined;
  const kept = isWhole ? [] : alone;
  const isKept = new Set(kept);
  for (const { seen } of items.filter((item) => !isKept.has(item))) left.push({ reason: UNSAYABLE, seen });
  return kept.length === 0 ? [] : sayable([{ endpoint, items: kept }], left);
}

function coveredBy(
  cluster: readonly Member[],
  refusal: Refusal,
  left: Left[],
): readonly (readonly Member[])[] {
  const members = cluster.map(({ endpoint, items }): Member => ({
    endpoint,
    items: items.filter((item) => !isRefused(endpoint, item, refusal, left)),
  }));
  const covered = members.filter(({ items }) => items.length > 0);
  return covered.length === 0 ? [] : [covered];
}

function isRefused(endpoint: Endpoint, item: SeenItem, refusal: Refusal, left: Left[]): boolean {
  const why = refusal(item);
  if (why === undefined) return false;
  const reason = `what the other requests there say of it does not take it: ${why}`;
  left.push({ reason, seen: item.seen, of: { endpoint, item } });
  return true;
}
