// The package's public face in Node.
import { createClient, type MayflyClient } from "./client.ts";
import { nodeTransport, type TransportOptions } from "./node-transport.ts";
import { withGrant, type GrantAsk, type GrantUse } from "./with-grant.ts";

/** How to make a client. */
export type MayflyOptions = TransportOptions;

/** A client of one gateway. Everything rejects with MayflyError alone. */
export interface Mayfly extends MayflyClient {
  /**
   * Requests, waits for approval, calls `use` with the ways in, and releases the grant however it ends: `use`
   * returned, threw, was aborted, or a process signal came.
   */
  withGrant<T>(ask: GrantAsk, use: (access: GrantUse) => T | Promise<T>): Promise<T>;
}

/** Makes a client. @throws MayflyError insecure_url */
export function createMayfly(options: MayflyOptions): Mayfly {
  const client = createClient(nodeTransport(options));
  return { ...client, withGrant: (ask, use) => withGrant(client, ask, use, options.ca) };
}

export type { DpopKey, PublicJwk } from "./dpop.ts";
export { isPassing, MayflyError } from "./errors.ts";
export type { PostgresOptions } from "./postgres-options.ts";
export { holdLease } from "./lease.ts";
export type { HeldLease } from "./lease.ts";
export type { KeptDpopKey } from "./tokens/dpop-key.ts";
export { newDpopKey, readDpopKey } from "./tokens/dpop-key.ts";
export type { IssuedToken } from "./tokens/issued.ts";
export type { SignIn } from "./tokens/person.ts";
export { agentTokens, serviceTokens } from "./tokens/sources.ts";
export type { ActsFor, AgentTokensOptions, ServiceTokensOptions } from "./tokens/sources.ts";
export type { TokenSource } from "./tokens/token-source.ts";
export type { GrantAsk, GrantUse } from "./with-grant.ts";
export type * from "./public-types.ts";
