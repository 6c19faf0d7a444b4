import { TooManyGuesses } from "../../gate/limits/guesses.ts";
import { createBearers } from "../../gate/web/sessions/bearers.ts";
import type { Verified } from "../../identity/principal.ts";
import { ApiProblem } from "../contract/problems.ts";
import type { ApiServices } from "../services.ts";

/** A grant's id and secret as a bearer: nothing that a provider issues begins like it. */
const secretBearer = /^bearer +(gr_[0-9a-z]{16}\.[0-9a-z]{32})$/i;

/**
 * Makes the finder of whoever proves a grant's secret. They count as the grant's holder, for what is done to that one
 * grant: the secret says nothing about any other.
 * @returns undefined for anything but a genuine secret of that grant
 */
export function createProvenHolder(
  services: Pick<ApiServices, "grants" | "identity" | "clock">,
): (authorization: string | undefined, grant: string, address: string) => Promise<Verified | undefined> {
  const bearers = createBearers(services);
  return async (authorization, grant, address) => {
    const bearer = secretBearer.exec(authorization ?? "")?.[1];
    if (bearer === undefined || !bearer.startsWith(`${grant}.`)) return undefined;
    const { proved } = await Promise.resolve(bearers.grantsOf(bearer, "", address)).catch(tooMany);
    if (proved !== grant) return undefined;
    const requester =
      services.grants.live(grant)?.grant.requester ?? (await services.grants.closed(grant))?.requester;
    if (requester === undefined) return undefined;
    return { principal: { ...requester, roles: [] }, tokenDigest: "", expiresAt: 0, groupsAsOf: 0 };
  };
}

function tooMany(thrown: unknown): never {
  if (!(thrown instanceof TooManyGuesses)) throw thrown;
  throw new ApiProblem("too_many_requests", 429, thrown.message, "try again in a minute", {
    headers: { "retry-after": "60" },
  });
}
