import type { Core } from "../core.ts";

/** What another gateway has changed in the store that both use. */
export type GrantChange =
  | { readonly kind: "grant" | "request"; readonly id: string }
  | { readonly kind: "lockdown" }
  /** Something, not known what. */
  | { readonly kind: "all" };

/**
 * Reads from the store what other gateways have changed: one thing at a time, and never beside a look at everything. A
 * revocation is among it; so nothing that a client causes is read in these turns.
 */
export interface Follower {
  /** Something has changed. Its reading is begun at once, or behind what is being read. Never throws. */
  told(change: GrantChange): void;
  /** Looks at everything. @throws what the store throws */
  readAll(): Promise<void>;
  stop(): void;
}

/** How the parts of the store are read. */
export interface FollowerParts {
  readonly all: () => Promise<void>;
  readonly grant: (id: string) => Promise<void>;
  readonly request: (id: string) => Promise<void>;
  readonly lockdown: () => Promise<void>;
}

/** Of more changes than this that wait, all are read with one look at everything. */
const MAX_WAITING_CHANGES = 1000;

/** @param core gives the turns in which the store is read */
export function createFollower({ mutex }: Pick<Core, "mutex">, parts: FollowerParts): Follower {
  const waiting = new Map<string, GrantChange>();
  let isReading = false;
  let isStopped = false;
  const inTurn = (read: () => Promise<void>): Promise<void> => mutex("follow", read);

  const read = (change: GrantChange): Promise<void> => {
    switch (change.kind) {
      case "grant":
        return parts.grant(change.id);
      case "request":
        return parts.request(change.id);
      case "lockdown":
        return parts.lockdown();
      default:
        return parts.all();
    }
  };

  async function drain(): Promise<void> {
    isReading = true;
    try {
      for (const [key, change] of waiting) {
        // Removed before it is read: a change that comes meanwhile is read after it.
        waiting.delete(key);
        await inTurn(() => read(change));
        if (isStopped) return;
      }
    } catch {
      // The store is away: the next look at everything reads what was missed.
      waiting.clear();
    } finally {
      isReading = false;
    }
  }

  return {
    told(change) {
      if (isStopped) return;
      if (change.kind === "all" || waiting.size >= MAX_WAITING_CHANGES) {
        waiting.clear();
        waiting.set("all", { kind: "all" });
      } else if (!waiting.has("all")) {
        waiting.set("id" in change ? `${change.kind} ${change.id}` : change.kind, change);
      }
      if (!isReading) void drain();
    },
    readAll: () => inTurn(parts.all),
    stop() {
      isStopped = true;
      waiting.clear();
    },
  };
}
