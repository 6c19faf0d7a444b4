import { REQUESTS_PER_TURN } from "../../bounds.ts";
import { addressKey } from "../../limits/places.ts";

/** Requests that wait for a later turn of the event loop. */
export interface RequestTurns {
  /**
   * Calls `begin`: at once while this turn has room for it, else in a later one. The addresses take turns, and of one
   * address its connections.
   * @param address the client's, of IPv6 as part of its /64
   */
  enter(address: string, connection: object, begin: () => void): void;
  /** How many requests of a connection wait. */
  waiting(address: string, connection: object): number;
}

type Line = Map<object, (() => void)[]>;

/** Makes the turns of one port: a hundred requests that come in one read must not all be answered before anybody else. */
export function createRequestTurns(): RequestTurns {
  const lines = new Map<string, Line>();
  /** Begun in this turn, in all and by connection. */
  let begun = 0;
  let ofConnection = new Map<object, number>();
  let isPlanned = false;

  const plan = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    setImmediate(turn);
  };

  const mayBegin = (connection: object): boolean =>
    begun < REQUESTS_PER_TURN.total && (ofConnection.get(connection) ?? 0) < REQUESTS_PER_TURN.connection;

  const count = (connection: object): void => {
    begun += 1;
    ofConnection.set(connection, (ofConnection.get(connection) ?? 0) + 1);
    // Fewer are left standing from turn to turn: who sends one request at a time pays nothing for the others.
    if (begun >= REQUESTS_PER_TURN.connection) plan();
  };

  /** The next request that may begin: of the first address, its first connection; both go to the end of the queue. */
  const next = (): { readonly connection: object; readonly begin: () => void } | undefined => {
    if (begun >= REQUESTS_PER_TURN.total) return undefined;
    for (const [address, line] of lines) {
      for (const [connection, queue] of line) {
        if (!mayBegin(connection)) continue;
        const begin = queue.shift();
        line.delete(connection);
        if (queue.length > 0) line.set(connection, queue);
        lines.delete(address);
        if (line.size > 0) lines.set(address, line);
        if (begin !== undefined) return { connection, begin };
      }
    }
    return undefined;
  };

  const turn = (): void => {
    isPlanned = false;
    begun = 0;
    if (ofConnection.size > 0) ofConnection = new Map();
    for (let found = next(); found !== undefined; found = next()) {
      count(found.connection);
      found.begin();
    }
    if (lines.size > 0) plan();
  };

  return {
    enter(from, connection, begin) {
      if (lines.size === 0 && mayBegin(connection)) {
        count(connection);
        begin();
        return;
      }
      const address = addressKey(from);
      const line = lines.get(address);
      const queue = line?.get(connection);
      if (queue === undefined && mayBegin(connection)) {
        count(connection);
        begin();
        return;
      }
      if (queue !== undefined) queue.push(begin);
      else if (line !== undefined) line.set(connection, [begin]);
      else lines.set(address, new Map([[connection, [begin]]]));
      plan();
    },
    waiting: (from, connection) =>
      lines.size === 0 ? 0 : (lines.get(addressKey(from))?.get(connection)?.length ?? 0),
  };
}
