/**
 * The horizon of a bounded cache of revocations: up to which time an entry may have been evicted. Somebody may have
 * been ended, or may have left a group, without being known here any more, so nothing issued up to the horizon is
 * accepted.
 */
export interface EvictionHorizon {
  /**
   * Records an eviction.
   * @param issuer the issuer that the entry was about; left out: all
   * @param at the latest time that the entry covered, milliseconds since the epoch
   */
  evict(at: number, issuer?: string): void;
  /** The horizon of an issuer, milliseconds since the epoch; minus infinity where nothing was evicted. */
  unknownUntil(issuer: string): number;
}

export function createEvictionHorizon(): EvictionHorizon {
  let ofAll = Number.NEGATIVE_INFINITY;
  /** One entry for each issuer in the configuration. */
  const byIssuer = new Map<string, number>();
  return {
    evict(at, issuer) {
      if (issuer === undefined) ofAll = Math.max(ofAll, at);
      else byIssuer.set(issuer, Math.max(byIssuer.get(issuer) ?? at, at));
    },
    unknownUntil: (issuer) => Math.max(ofAll, byIssuer.get(issuer) ?? ofAll),
  };
}
