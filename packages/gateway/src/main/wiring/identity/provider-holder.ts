import type { Holder } from "../../../kernel/requester.ts";
import type { IdentityConfiguration } from "../../../configuration/types.ts";
import { consoleClient } from "../../../identity/people.ts";

/**
 * A holder as the provider names them. Whoever signed in through a browser has the gateway itself for a client here; at the
 * provider that is the OAuth client of the console, to which people are assigned and which can be deactivated.
 */
export function providerHolder(holder: Holder, { people }: Pick<IdentityConfiguration, "people">): Holder {
  const { oidc } = people ?? {};
  if (holder.client !== consoleClient || oidc === undefined || holder.issuer !== oidc.issuer) return holder;
  return { ...holder, actors: [...holder.actors, oidc.clientId] };
}
