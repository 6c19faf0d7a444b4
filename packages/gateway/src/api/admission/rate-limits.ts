import { createPlaces, type Places } from "../../gate/limits/places.ts";
import { type Buckets, tokenBuckets } from "../../kernel/buckets.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { StreamKind } from "../contract/endpoint.ts";
import type { ApiLimits } from "../services.ts";

/** All that the API counts: rates by address and by principal, and what stays open. */
export interface RateLimits {
  readonly addresses: Buckets;
  readonly principals: Buckets;
  readonly renewals: Buckets;
  readonly signIns: Buckets;
  readonly registrations: Buckets;
  readonly signals: Buckets;
  readonly polls: Places;
  readonly streams: Readonly<Record<StreamKind, Places>>;
}

export function createRateLimits(clock: Clock, limits: ApiLimits): RateLimits {
  const rate = (perSecond: number, burst: number): Buckets =>
    tokenBuckets(clock, perSecond, burst, limits.remembered);
  return {
    addresses: rate(limits.addressRate, limits.addressBurst),
    principals: rate(limits.principalRate, limits.principalBurst),
    // A principal may hold more leases than it could ask for grants in that time; each grant's renewals have a bound too.
    renewals: rate(limits.renewalRate, limits.renewalBurst),
    signIns: rate(limits.signInRate, limits.signInBurst),
    registrations: rate(limits.registrationRate, limits.registrationBurst),
    signals: rate(limits.signalRate, limits.signalBurst),
    polls: createPlaces(() => ({ perKey: limits.pollsPerPrincipal, total: limits.polls })),
    streams: {
      events: createPlaces(() => ({ perKey: limits.eventsPerPrincipal, total: limits.events })),
      export: createPlaces(() => ({ perKey: limits.exportsPerPrincipal, total: limits.exports })),
      histogram: createPlaces(() => ({ perKey: limits.histogramsPerPrincipal, total: limits.histograms })),
    },
  };
}
