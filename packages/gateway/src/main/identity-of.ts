import type { Logger } from "pino";
import type { Configuration } from "../configuration/types.ts";
import { createIdentity } from "../identity/create-identity.ts";
import type { Identity } from "../identity/identity.ts";
import type { Clock } from "../kernel/clock.ts";

/** The identity that a configuration asks for. */
export function identityOf(configuration: Configuration, clock: Clock, logger: Logger): Identity {
  const { agents, people, roles } = configuration.identity;
  return createIdentity({
    providers: agents,
    peopleClients: people.clients,
    roles,
    clock,
    onRefused: (error) => logger.info({ code: error.code }, "token refused"),
  });
}
