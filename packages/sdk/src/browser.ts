// The package's public face in a browser: `@mayfly/sdk/browser`. Nothing here, nor below, imports a module of Node.
import { browserTransport, type BrowserOptions } from "./browser-transport.ts";
import { createClient, type MayflyClient } from "./client.ts";

/** How to make a client. */
export type MayflyOptions = BrowserOptions;

/** A client of one gateway. Everything rejects with MayflyError alone. */
export type Mayfly = MayflyClient;

/** Makes a client that acts with the browser's session, or with a token. */
export function createMayfly(options: MayflyOptions = {}): Mayfly {
  return createClient(browserTransport(options));
}

export type { DpopKey, PublicJwk } from "./dpop.ts";
export { MayflyError } from "./errors.ts";
export type * from "./public-types.ts";
