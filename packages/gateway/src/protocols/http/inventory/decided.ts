import { shapeKey } from "../../../gate/inventory/value-shape.ts";
import { bodyShape, isBeyondSchemas, sizeOf } from "./bodies.ts";
import type { Endpoint, SeenItem } from "./endpoints.ts";
import type { Left } from "./left.ts";
import { reasonAgainst, valueIn } from "./reasons.ts";

/** The requests at an endpoint against which nothing speaks. @param left gets the others */
export function decided(
  endpoint: Endpoint,
  { isDocumented, minSeen }: { readonly isDocumented: boolean; readonly minSeen: number },
  left: Left[],
): readonly SeenItem[] {
  const kept: SeenItem[] = [];
  // What varies in paths and queries makes many kinds of one: those that need the same count together.
  for (const alike of Map.groupBy(endpoint.items, ({ request }) => needsOf(request)).values()) {
    const times = alike.reduce((sum, item) => sum + item.times, 0);
    for (const item of alike) {
      const { seen } = item;
      const of = { endpoint, item };
      const value = valueIn(endpoint, item);
      const reason = value ?? reasonAgainst(endpoint, item, isDocumented);
      if (value !== undefined) left.push({ reason: value, seen });
      else if (reason !== undefined) left.push({ reason, seen, of });
      else if (times >= minSeen) kept.push(item);
      else
        left.push({
          reason: `each kind of request was seen fewer than ${minSeen} times`,
          seen,
          of,
          isRare: true,
        });
    }
  }
  return withShownBodies(endpoint, kept, left);
}

/** What a request needs beside its path. */
function needsOf({ parameters, headers, body, json, type }: SeenItem["request"]): string {
  const shape = bodyShape(json);
  return JSON.stringify([
    parameters.map(({ name }) => name).toSorted(),
    headers ?? null,
    type ?? null,
    body === undefined ? null : sizeOf(body),
    shape === undefined ? null : shapeKey(shape),
  ]);
}

/** Without those whose bodies nobody saw, where others' were seen: one of them would open the schema for all. */
function withShownBodies(endpoint: Endpoint, kept: readonly SeenItem[], left: Left[]): readonly SeenItem[] {
  const shown = kept.filter(({ request }) => request.json !== undefined);
  if (shown.length === 0) return kept;
  const isBeyond = isBeyondSchemas(endpoint, shown);
  return kept.filter(({ request: { json, body }, seen }) => {
    const hasHidden = json === undefined && body !== 0;
    if (json !== undefined && isBeyond) left.push({ reason: "no schema says what its bodies hold", seen });
    else if (hasHidden && !isBeyond)
      left.push({ reason: "nobody saw its body, and those of the other requests there were seen", seen });
    else return true;
    return false;
  });
}
