import { namedBy } from "./place-names.ts";
import { isPathForm, pathPlace } from "./place-paths.ts";
import { hostPlace, isHostForm, isUriForm, uriPlace } from "./place-uris.ts";
import type { Place } from "./place.ts";

export type { Place } from "./place.ts";

/**
 * Where a text argument points to, by what it looks like or by what it is given as; undefined: it is no place.
 * @param member the argument's own name, or that of the list that it is an item of; undefined: the list has none
 */
export function placeOf(member: string | undefined, value: string): Place | undefined {
  const named = namedBy(member ?? "", value);
  if (named === "host" && isHostForm(value)) return hostPlace(value);
  if (isUriForm(value) || isHostForm(value))
    // A sentence may begin with an address.
    return named === undefined && /\s/u.test(value.trim()) ? undefined : uriPlace(value);
  if (isPathForm(value)) return pathPlace(value, named === "folder");
  if (named === undefined) return undefined;
  if (named === "uri") return uriPlace(value);
  return named === "host" ? hostPlace(value) : pathPlace(value, named === "folder");
}
