import type { Connection } from "@mayfly/sdk/browser";

/**
 * The connections that are observed, the one that ends first before the others.
 * @param now milliseconds since the epoch
 * @returns each with its last day, UTC
 */
export function observedNow(
  connections: readonly Connection[],
  now: number,
): readonly { readonly name: string; readonly last: string }[] {
  return connections
    .flatMap(({ name, observed_until }) => {
      const until = Date.parse(observed_until ?? "");
      return until > now ? [{ name, until }] : [];
    })
    .toSorted((one, other) => one.until - other.until)
    .map(({ name, until }) => ({ name, last: new Date(until - 1).toISOString().slice(0, 10) }));
}
