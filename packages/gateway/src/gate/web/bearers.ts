import { createHash, timingSafeEqual } from "node:crypto";
import type { Grants } from "../../grants/grants.ts";
import { verifierOf } from "../../grants/secret-verifier.ts";
import type { LiveGrant } from "../../grants/types.ts";
import type { Principal } from "../../identity/principal.ts";
import type { Identity } from "../../identity/identity.ts";
import type { Clock } from "../../kernel/clock.ts";
import { createGuesses } from "../guesses.ts";
import { addressKey } from "../places.ts";

/** A grant's id and secret in one bearer: both base 32, so that no character is ambiguous. */
const secretForm = /^(gr_[0-9a-z]{16})\.([0-9a-z]{32})$/;
/** How many secrets that proved genuine are remembered, by their digest. */
const remembered = 10_000;

/** The live grants of a bearer, and which kind of bearer it was. */
export interface Found {
  readonly by: "grant-secret" | "token";
  readonly grants: readonly LiveGrant[];
  /** The grant whose secret proved genuine, live or ended. */
  readonly proved?: string;
  /** Whose an access token is. */
  readonly owner?: Principal;
}

/** Finds whose a bearer is. */
export interface Bearers {
  /**
   * The live grants that a bearer stands for on a connection, newest first; empty: none.
   * @param address who shows it
   * @throws MayflyError of the identity, for an access token that does not verify; TooManyGuesses
   */
  grantsOf(bearer: string, connection: string, address: string): Promise<Found>;
}

/**
 * Makes the finder. A secret costs a key derivation once; after that its digest is remembered, and is worth nothing
 * without the live grant, which is looked up every time.
 */
export function createBearers(parts: {
  readonly grants: Grants;
  readonly identity: Identity;
  readonly clock: Clock;
}): Bearers {
  const genuine = new Map<string, string>();
  const looking = new Map<string, Promise<boolean>>();
  const guesses = createGuesses(parts.clock);

  const isGenuine = async (
    bearer: string,
    grant: string,
    secret: string,
    address: string,
  ): Promise<boolean> => {
    const digest = createHash("sha256").update(bearer).digest("hex");
    if (genuine.get(digest) === grant) return true;
    // Many requests that begin with the same secret at once ask for one derivation.
    const underWay = looking.get(digest);
    if (underWay !== undefined) return underWay;
    // A secret that was made up is counted where it comes from; one of a grant that lives, with the grant: nobody can use up
    // what another needs without knowing its grant.
    const isLive = parts.grants.live(grant) !== undefined;
    const look = guesses
      .guess(isLive ? { grant } : { address: addressKey(address) }, () => derive(digest, grant, secret))
      .finally(() => looking.delete(digest));
    looking.set(digest, look);
    return look;
  };

  const derive = async (digest: string, grant: string, secret: string): Promise<boolean> => {
    const stored = await parts.grants.verifier(grant);
    // An unknown grant costs as much as a wrong secret.
    const salt = Buffer.from(/^SCRAM-SHA-256\$\d+:([^$]+)\$/.exec(stored ?? "")?.[1] ?? "", "base64");
    const shown = Buffer.from(await verifierOf(secret, salt));
    const wanted = Buffer.from(stored ?? "");
    if (shown.length !== wanted.length || !timingSafeEqual(shown, wanted)) return false;
    genuine.set(digest, grant);
    const [oldest] = genuine.keys();
    if (genuine.size > remembered && oldest !== undefined) genuine.delete(oldest);
    return true;
  };

  return {
    async grantsOf(bearer, connection, address) {
      const match = secretForm.exec(bearer);
      if (match !== null) {
        const [, grant = "", secret = ""] = match;
        if (!(await isGenuine(bearer, grant, secret, address))) return { by: "grant-secret", grants: [] };
        const live = parts.grants.live(grant);
        const isFor = live !== undefined && live.grant.connection === connection;
        return { by: "grant-secret", grants: isFor ? [live] : [], proved: grant };
      }
      const { principal } = await parts.identity.verify(bearer, { introspect: false });
      return { by: "token", grants: parts.grants.liveOf(principal, connection), owner: principal };
    },
  };
}
