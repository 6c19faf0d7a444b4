import type { Identity, Withdrawn } from "../../../identity/identity.ts";
import type { Requester } from "../../../kernel/requester.ts";

/** An identity whose inside is replaced at a reload, while the sessions that watch it stay watched. */
export interface SwappableIdentity extends Identity {
  /** Puts another in its place and closes the one before. Every live watch goes over to it. */
  swap(next: Identity): void;
}

interface Watch {
  readonly principal: Requester;
  readonly withdrawn: Withdrawn;
  end: () => void;
}

/** @param first what it starts with */
export function swappableIdentity(first: Identity): SwappableIdentity {
  let current = first;
  const watches = new Set<Watch>();
  return {
    verify: (token, options) => current.verify(token, options),
    lend: (token, shown) => current.lend(token, shown),
    watch(principal, withdrawn) {
      const watch: Watch = { principal, withdrawn, end: current.watch(principal, withdrawn) };
      watches.add(watch);
      return () => {
        watches.delete(watch);
        watch.end();
      };
    },
    unknown: (principal) => current.unknown(principal),
    prove: (principal) => current.prove(principal),
    warm: () => current.warm(),
    get unavailable() {
      return current.unavailable;
    },
    close: () => current.close(),
    swap(next) {
      const before = current;
      current = next;
      for (const watch of watches) {
        watch.end();
        watch.end = next.watch(watch.principal, watch.withdrawn);
      }
      before.close();
    },
  };
}
