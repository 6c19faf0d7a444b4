import type { OktaStandIn } from "@mayfly/okta-stand-in";
import { createIdentity, type IdentityOptions } from "../../gateway/src/identity/create-identity.ts";
import type { Identity } from "../../gateway/src/identity/identity.ts";
import type { TrustedProvider } from "../../gateway/src/kernel/trusted-provider.ts";
import { systemClock } from "../../gateway/src/kernel/clock.ts";

export { createDpop, type Dpop } from "../../gateway/src/identity/dpop/dpop.ts";
export { systemClock } from "../../gateway/src/kernel/clock.ts";
export { MayflyError } from "../../gateway/src/kernel/errors.ts";

/** How an identity that trusts the stand-in is made; `provider` replaces settings of the one provider. */
export interface StandInIdentityOptions extends Partial<Omit<IdentityOptions, "providers">> {
  /** Who each service app and registered agent is, by client id. */
  readonly directory: NonNullable<TrustedProvider["directory"]>;
  readonly provider?: Partial<TrustedProvider>;
}

/** The gateway's identity, trusting the stand-in for Okta: support leads review, and people come through `mayfly login`. */
export function identityTrusting(
  okta: OktaStandIn,
  { directory, provider, ...more }: StandInIdentityOptions,
): Identity {
  return createIdentity({
    providers: [
      {
        issuer: okta.issuer,
        audiences: [okta.audience],
        groupsClaim: "groups",
        algorithms: ["RS256"],
        directory,
        outage: 60_000,
        allowInsecureLoopback: true,
        ...provider,
      },
    ],
    peopleClients: [okta.peopleClient],
    roles: { reviewer: ["support-leads"], operator: [], auditor: [] },
    clock: systemClock,
    ...more,
  });
}
