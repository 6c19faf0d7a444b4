import { randomBytes, randomInt } from "node:crypto";

/**
 * The gateway's own cancel keys. A server's secret never reaches a client; a client's key is the number of its server's
 * process, as `pg_backend_pid()` says it, and 32 random bits, as PostgreSQL's own are, and routes to its own session
 * alone.
 */
export interface Cancels {
  /**
   * Makes a key for a session; `cancel` runs when a CancelRequest brings it.
   * @param upstream the server's own key: its process's number first; empty where the server gave none
   */
  register(upstream: Buffer, cancel: () => Promise<void>): { readonly key: Buffer; forget(): void };
  /**
   * A CancelRequest came, from anyone. An unknown key does nothing, as PostgreSQL does.
   * @returns settles when the server has been told: the client's connection is closed then, and not before
   */
  request(key: Buffer): Promise<void>;
}

/** What brings cancel requests to the other processes behind the same port, and theirs here. */
export interface SharedCancels {
  /** Settles when the others have had their time with it. */
  elsewhere(key: Buffer): Promise<void>;
  /** @param request of a session here; an unknown key does nothing */
  onElsewhere(request: (key: Buffer) => Promise<void>): void;
}

/** @param shared left out: no other process has sessions of this port */
export function createCancels(shared?: SharedCancels): Cancels {
  const known = new Map<string, () => Promise<void>>();
  const requestHere = async (key: Buffer): Promise<void> => {
    await known.get(key.toString("latin1"))?.();
  };
  shared?.onElsewhere(requestHere);
  return {
    register(upstream, cancel) {
      const process = upstream.length < 4 ? randomInt(1, 2 ** 31) : upstream.readInt32BE(0);
      const key = Buffer.alloc(8);
      let name: string;
      do {
        key.writeInt32BE(process, 0);
        randomBytes(4).copy(key, 4);
        name = key.toString("latin1");
      } while (known.has(name));
      known.set(name, cancel);
      return { key, forget: () => known.delete(name) };
    },
    async request(key) {
      if (known.has(key.toString("latin1"))) await requestHere(key);
      else await shared?.elsewhere(key);
    },
  };
}
