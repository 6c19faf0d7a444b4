import { formatDuration } from "../kernel/durations.ts";
import { MAX_LEASE_MS } from "../kernel/leases.ts";
import type { Terms } from "./types.ts";

/**
 * Whether a lease is as short as the terms demand.
 * @param lease milliseconds; undefined: none is asked for
 */
export function leaseFits({ lease: maxLease }: Pick<Terms, "lease">, lease: number | undefined): boolean {
  return maxLease === undefined || (lease !== undefined && lease <= maxLease);
}

/** The lease that terms demand, for people to read. @param maxLease the longest, milliseconds */
export function leaseInWords(maxLease: number): string {
  return maxLease >= MAX_LEASE_MS ? "a lease" : `a lease of ${formatDuration(maxLease)} or less`;
}
