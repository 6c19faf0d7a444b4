import type { Logger } from "pino";
import type { Configuration } from "../../../configuration/types.ts";
import { createIdentity, type IdentityOptions } from "../../../identity/create-identity.ts";
import type { Identity } from "../../../identity/identity.ts";
import type { Clock } from "../../../kernel/clock.ts";

/**
 * The identity that a configuration asks for.
 * @param kept what outlives a reload; left out: nothing
 */
export function identityOf(
  configuration: Configuration,
  clock: Clock,
  logger: Logger,
  kept: Pick<
    IdentityOptions,
    "memberships" | "cutOffs" | "proofs" | "shown" | "askAgain" | "dpop" | "okta"
  > = {},
): Identity {
  const { agents, people, roles } = configuration.identity;
  return createIdentity({
    providers: agents,
    peopleClients: people.clients,
    peopleIssuers: people.issuers,
    roles,
    clock,
    ...kept,
    onRefused: (error) => logger.info({ code: error.code }, "token refused"),
  });
}
