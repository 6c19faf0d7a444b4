import type { Logger } from "pino";
import type { Configuration } from "../../configuration/types.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Policies } from "../../policy/types.ts";
import type { Certificates } from "../tls/certificates.ts";

/** What every part of a gateway is started with. */
export interface Boot {
  readonly clock: Clock;
  readonly logger: Logger;
  /** A fault in the gateway itself, for the operator's log. */
  readonly fault: (error: unknown) => void;
  /** Keeps what has to be done when the gateway stops, or fails to start: the last that was kept is done first. */
  readonly onStop: (step: () => Promise<void> | void) => void;
}

/** A configuration with its policies. */
export interface Adopted {
  readonly configuration: Configuration;
  readonly policies: Policies;
}

/** What is in force now. A reload puts others in their place, so that both are read anew at every use. */
export interface InForce {
  adopted: Adopted;
  certificates: Certificates;
}

/** The principal that the gateway itself acts as, in the log. */
export const SYSTEM_PRINCIPAL = {
  kind: "system",
  issuer: "mayflyd",
  subject: "mayflyd",
  name: "mayflyd",
} as const;
