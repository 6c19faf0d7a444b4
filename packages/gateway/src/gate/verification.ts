import { sameHolder } from "../grants/approvals/people.ts";
import type { LiveGrant } from "../grants/types.ts";
import type { Principal } from "../identity/principal.ts";
import { MayflyError } from "../kernel/errors.ts";
import { placeOf } from "../kernel/known-paths.ts";
import type { Proof, SessionRefused } from "./gate.ts";
import type { GateParts } from "./parts.ts";
import { grantClosed, identityUnverified, noGrant, otherHost } from "./refusals.ts";
import { isGenuine } from "./scram/server.ts";

/** The live grant behind a proof, whose holder's identity was verified now. */
export interface Verified {
  readonly kind: "verified";
  readonly live: LiveGrant;
}

/** Finds the grant behind a proof. */
export interface Verification {
  verify(proof: Proof, connection: string): Promise<Verified | SessionRefused>;
  /**
   * How a grant ended, for whoever proved its secret.
   * @param owner whom it must belong to, where an access token was shown
   */
  readonly closed: (id: string, connection: string, owner?: Principal) => Promise<SessionRefused | undefined>;
  /** The refusal of an identity that could not be verified; what is no refusal of ours is a fault, and reported. */
  readonly unverified: (error: unknown) => SessionRefused;
}

/** Why a grant that is for one host is not served to whoever comes from this address; undefined where it is. */
export function elsewhereOf({ grant: { from } }: LiveGrant, address: string): SessionRefused | undefined {
  const here = placeOf(address, undefined);
  return from === undefined || from.address === here.address
    ? undefined
    : otherHost(from.address, here.address);
}

/** Whether a grant takes such a proof: what is for a command in a sandbox takes the secret that the command has, and no token. */
export function isProofFor({ grant }: LiveGrant, by: Proof["kind"]): boolean {
  return grant.sandbox === undefined || by === "grant-secret";
}

export function createVerification({
  grants,
  identity,
  fault,
}: Pick<GateParts, "grants" | "identity" | "fault">): Verification {
  const closed: Verification["closed"] = async (id, connection, owner) => {
    const ended = await grants.closed(id);
    if (ended === undefined || ended.connection !== connection) return undefined;
    if (owner !== undefined && !sameHolder(ended.requester, owner)) return undefined;
    return grantClosed(ended.reason);
  };

  const unverified = (error: unknown): SessionRefused => {
    if (!(error instanceof MayflyError)) fault(error);
    return identityUnverified(error);
  };

  return {
    closed,
    unverified,
    async verify(proof, connection) {
      if (proof.kind === "grant-secret") {
        if (!isGenuine(proof)) return noGrant;
        const live = grants.live(proof.grant);
        if (live !== undefined) return { kind: "verified", live };
        return (await closed(proof.grant, connection)) ?? noGrant;
      }
      try {
        const { principal, key } = await identity.verify(proof.token, { introspect: true });
        const refusal =
          grants.live(proof.grant) === undefined
            ? await closed(proof.grant, connection, principal)
            : undefined;
        // The look for one that has ended finds one that another gateway made.
        const live = grants.live(proof.grant);
        if (live === undefined) return refusal ?? noGrant;
        const { requester, from } = live.grant;
        const isTheirs = sameHolder(requester, principal) && (from === undefined || from.key === key);
        return isTheirs ? { kind: "verified", live } : noGrant;
      } catch (error) {
        return unverified(error);
      }
    },
  };
}
