import type { SecureContext } from "node:tls";
import type { Protocol } from "../gate/protocol.ts";
import { type Clock, systemClock } from "../kernel/clock.ts";
import { createHttp } from "../protocols/http/index.ts";
import { createKubernetes } from "../protocols/kubernetes/index.ts";
import { createMcp } from "../protocols/mcp/index.ts";
import { createPostgres } from "../protocols/postgres/index.ts";

/** What protocols need of the process to serve clients. */
export interface Surroundings {
  readonly clock: Clock;
  /** The certificate to show now; asked at every handshake, so that a reload swaps it. */
  readonly secureContext: () => SecureContext;
  /** Lets clients on the loopback address connect without TLS. */
  readonly allowInsecureLoopback: boolean;
  /** The gateway's own URL, without a slash at its end. */
  readonly url: () => string;
  /** What tells this gateway from every other over all its runs. */
  readonly gateway: () => string;
  /** The same of the one in whose place it is, where an operator accepted that its log is lost. */
  readonly gatewayBefore?: () => string | undefined;
}

/** The protocols that mayflyd serves: adding one is adding its folder and a line here. */
export function createProtocols(surroundings: Surroundings): readonly Protocol<never, never>[] {
  return [
    createPostgres(surroundings),
    createHttp(surroundings),
    createKubernetes(surroundings),
    createMcp(surroundings),
  ];
}

/** The same, for whoever asks for schemas and verdicts and serves nobody. */
export const protocols = createProtocols({
  clock: systemClock,
  secureContext: () => {
    throw new TypeError("these protocols serve nobody");
  },
  allowInsecureLoopback: false,
  url: () => "",
  gateway: () => "",
});
