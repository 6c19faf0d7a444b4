import { createHash, timingSafeEqual } from "node:crypto";
import type { EventEmitter } from "node:events";
import { boundedMap } from "../../../kernel/bounded-map.ts";
import type { Grants } from "../../../grants/grants.ts";
import { verifierOf } from "../../../grants/lifecycle/secret-verifier.ts";
import type { LiveGrant } from "../../../grants/types.ts";
import { DpopError } from "../../../identity/dpop/error.ts";
import type { PresentedToken } from "../../../identity/dpop/presented-token.ts";
import type { Principal } from "../../../identity/principal.ts";
import type { Identity } from "../../../identity/identity.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { createGuesses } from "../../limits/guesses.ts";
import { addressKey } from "../../limits/places.ts";

/** A grant's id and secret in one bearer: both base 32, so that no character is ambiguous. */
const secretForm = /^(gr_[0-9a-z]{16})\.([0-9a-z]{32})$/;
/** How many secrets that proved genuine are remembered, by their digest. */
const MAX_REMEMBERED_SECRETS = 10_000;

/** The live grants of a bearer, and which kind of bearer it was. */
export interface VerifiedBearer {
  readonly kind: "found";
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
   * @param shown how
   * @param socket the client's connection: a secret that proved genuine there is not digested again for the next request
   * @throws MayflyError of the identity, for an access token that does not verify; TooManyGuesses
   */
  grantsOf(
    bearer: string,
    connection: string,
    address: string,
    shown?: PresentedToken,
    socket?: EventEmitter,
  ): Promise<VerifiedBearer> | VerifiedBearer;
}

/**
 * Makes the finder. A secret costs a key derivation once; after that its digest is remembered, and is worth nothing
 * without the live grant, which is looked up every time.
 */
export function createBearers(parts: {
  readonly grants: Grants;
  readonly identity: Identity;
  readonly clock: Clock;
  /** Behind the same ports; 1 when left out. */
  readonly processes?: number;
}): Bearers {
  const genuine = boundedMap<string>(MAX_REMEMBERED_SECRETS);
  const looking = new Map<string, Promise<boolean>>();
  /** The last secret that proved genuine on each client connection. */
  const proved = new WeakMap<EventEmitter, { readonly bearer: string; readonly grant: string }>();
  const guesses = createGuesses(parts.clock, parts.processes);

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
    return true;
  };

  /** The grant of a secret that proved genuine: looked up for every request, since it may have ended. */
  const foundBySecret = (grant: string, connection: string): VerifiedBearer => {
    const live = parts.grants.live(grant);
    const isFor = live !== undefined && live.grant.connection === connection;
    return { kind: "found", by: "grant-secret", grants: isFor ? [live] : [], proved: grant };
  };

  const prove = async (
    bearer: string,
    [, grant = "", secret = ""]: RegExpExecArray,
    connection: string,
    address: string,
    shown: PresentedToken | undefined,
    socket: EventEmitter | undefined,
  ): Promise<VerifiedBearer> => {
    if (shown?.scheme === "dpop") throw secretWithProof();
    if (!(await isGenuine(bearer, grant, secret, address)))
      return { kind: "found", by: "grant-secret", grants: [] };
    if (socket !== undefined) proved.set(socket, { bearer, grant });
    return foundBySecret(grant, connection);
  };

  const foundByToken = async (
    bearer: string,
    connection: string,
    shown: PresentedToken | undefined,
  ): Promise<VerifiedBearer> => {
    const { principal, key } = await parts.identity.verify(bearer, { introspect: false, shown });
    const live = parts.grants.liveOf(principal, connection);
    // Whoever holds another key is another host, and has none of its grants.
    const theirs = live.filter(({ grant: { from } }) => from === undefined || from.key === key);
    return { kind: "found", by: "token", grants: theirs, owner: principal };
  };

  return {
    grantsOf(bearer, connection, address, shown, socket) {
      const last = socket === undefined ? undefined : proved.get(socket);
      if (last?.bearer === bearer && shown?.scheme !== "dpop") return foundBySecret(last.grant, connection);
      const match = secretForm.exec(bearer);
      return match === null
        ? foundByToken(bearer, connection, shown)
        : prove(bearer, match, connection, address, shown, socket);
    },
  };
}

/** A grant's secret is bound to no key, whatever a client's library says of it. */
function secretWithProof(): DpopError {
  return new DpopError(
    "token_unbound",
    { error: "invalid_token" },
    "a grant's secret is not bound to a key, and came with the scheme DPoP",
    "send it as 'Authorization: Bearer …'",
  );
}
