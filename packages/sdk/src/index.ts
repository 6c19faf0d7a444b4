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
  return { ...client, withGrant: (ask, use) => withGrant(client, ask, use) };
}

export { MayflyError } from "./errors.ts";
export type { GrantAsk, GrantUse } from "./with-grant.ts";
export type * from "./public-types.ts";
