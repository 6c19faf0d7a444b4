import { randomBytes } from "node:crypto";

/**
 * The gateway's own cancel keys. A server's key never reaches a client; a client's key is 64 random bits and routes
 * to its own session alone.
 */
export interface Cancels {
  /** Makes a key for a session; `cancel` runs when a CancelRequest brings it. */
  register(cancel: () => Promise<void>): { readonly key: Buffer; forget(): void };
  /**
   * A CancelRequest came, from anyone. An unknown key does nothing, as PostgreSQL does.
   * @returns settles when the server has been told: the client's connection is closed then, and not before
   */
  request(key: Buffer): Promise<void>;
}

export function createCancels(): Cancels {
  const known = new Map<string, () => Promise<void>>();
  return {
    register(cancel) {
      const key = randomBytes(8);
      const name = key.toString("latin1");
      known.set(name, cancel);
      return { key, forget: () => known.delete(name) };
    },
    async request(key) {
      await known.get(key.toString("latin1"))?.();
    },
  };
}
