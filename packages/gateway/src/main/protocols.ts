import type { SecureContext } from "node:tls";
import type { AnyProtocol } from "../gate/protocol.ts";
import { type Clock, systemClock } from "../kernel/clock.ts";
import { createHttp } from "../protocols/http/index.ts";
import { createKubernetes } from "../protocols/kubernetes/index.ts";
import { createMcp } from "../protocols/mcp/index.ts";
import { createPostgres } from "../protocols/postgres/index.ts";
import type { SharedCancels } from "../protocols/postgres/login/cancels.ts";

/** What protocols need of the process to serve clients. */
export interface Surroundings {
  readonly clock: Clock;
  /** The certificate to show now; asked at every handshake, so that a reload swaps it. */
  readonly secureContext: () => SecureContext;
  /** Whether clients on the loopback address may connect without TLS to a protocol's own port. */
  readonly allowsInsecureLoopback: (kind: string) => boolean;
  /** The gateway's own URL, without a slash at its end. */
  readonly url: () => string;
  /** What tells this gateway from every other over all its runs. */
  readonly gateway: () => string;
  /** The same of the one in whose place it is, where an operator accepted that its log is lost. */
  readonly gatewayBefore?: () => string | undefined;
  /** Cancel requests among the processes of one gateway; left out: there is one. */
  readonly cancels?: SharedCancels;
}

/** Makes a protocol. */
export type ProtocolFactory = (surroundings: Surroundings) => AnyProtocol;

/** The protocols that mayflyd serves: adding one is adding its folder and a line here. */
export const protocolFactories: readonly ProtocolFactory[] = [
  createPostgres,
  createHttp,
  createKubernetes,
  createMcp,
];

/** Makes the protocols of a gateway. */
export function createProtocols(
  surroundings: Surroundings,
  factories: readonly ProtocolFactory[] = protocolFactories,
): readonly AnyProtocol[] {
  return factories.map((create) => create(surroundings));
}

/** What protocols get from whoever asks for schemas and verdicts and serves nobody. */
export const servingNobody: Surroundings = {
  clock: systemClock,
  secureContext: () => {
    throw new TypeError("these protocols serve nobody");
  },
  allowsInsecureLoopback: () => false,
  url: () => "",
  gateway: () => "",
};

/** The protocols, for whoever asks for schemas and verdicts and serves nobody. */
export const protocols: readonly AnyProtocol[] = createProtocols(servingNobody);
