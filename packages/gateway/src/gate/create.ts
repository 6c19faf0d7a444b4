import type { LiveGrant } from "../grants/types.ts";
import { createCompiledGrants, scopesOf } from "./compiled-grants.ts";
import type { Entry, Gate, SessionRefused } from "./gate.ts";
import { createBudgets } from "./limits/budgets.ts";
import { TooManyGuesses } from "./limits/guesses.ts";
import type { LiveSession } from "./live-session.ts";
import { createOpenSessions } from "./open-sessions.ts";
import { createOpening, type Door, type Open } from "./opening.ts";
import type { GateParts } from "./parts.ts";
import type { Protocol } from "./protocol.ts";
import { createRefusalRecords, type RefusalRecords } from "./refusal-records.ts";
import { draining, movedOn, noGrant, tooManyGuesses, unavailableNow } from "./refusals.ts";
import { createScram } from "./scram/server.ts";
import { createTurn } from "./turn.ts";
import { createVerification, type Verification } from "./verification.ts";
import { type Bearers, createBearers } from "./web/sessions/bearers.ts";
import { createEntering } from "./web/sessions/enter.ts";

/** All protocols' gates, and what main does with their sessions. */
export interface Gates {
  /** The gate as one protocol sees it. */
  forProtocol<Scope, Act, Cover>(protocol: Protocol<Scope, Act, Cover>): Gate<Act, Cover>;
  readonly sessions: number;
  /** The sessions that are open, in the order in which they were opened. */
  look(): readonly LiveSession[];
  /**
   * From now on no session is opened; those that are open go on.
   * @param endIdle whether those of which nothing is under way are ended, now or as soon as that is so
   */
  drain(endIdle: boolean): void;
  /** Resolves once no session is open, or when the signal aborts. */
  emptied(signal: AbortSignal): Promise<void>;
  /** Tells every session that the gateway stops, and waits until they have closed or `ms` have passed. */
  stop(reason: string, ms: number): Promise<void>;
}

/** What all protocols' gates share. */
interface Shared {
  readonly parts: GateParts;
  readonly bearers: Bearers;
  readonly refusals: RefusalRecords;
  readonly verification: Verification;
  readonly unavailable: () => SessionRefused | undefined;
  readonly open: Open;
}

/** Makes the gate. */
export function createGates(parts: GateParts): Gates {
  const { grants, log, clock } = parts;
  const turn = createTurn(log, parts.fault);
  const scram = createScram((grant) => grants.verifier(grant));
  const sessions = createOpenSessions(clock);
  const refusals = createRefusalRecords(parts, turn);
  const budgets = createBudgets(parts.budgets, clock);
  const unavailable = (): SessionRefused | undefined => unavailableNow(sessions.stopping, grants, log);
  const closedToNew = (): SessionRefused | undefined =>
    unavailable() ?? (sessions.isDraining ? draining : undefined);
  const shared: Shared = {
    parts,
    bearers: createBearers(parts),
    refusals,
    verification: createVerification(parts),
    unavailable,
    open: createOpening({ gate: parts, turn, sessions, refusals, budgets, unavailable: closedToNew }),
  };
  return {
    forProtocol<Scope, Act, Cover>(protocol: Protocol<Scope, Act, Cover>): Gate<Act, Cover> {
      const door = {
        protocol,
        compiled: createCompiledGrants(parts, protocol),
        times: parts.times(protocol.kind),
      };
      return {
        scram,
        enter: enteringOf(shared, door),
        async open(proof, connection, client) {
          const away = closedToNew();
          if (away !== undefined) return refusals.refuse(client, connection, away);
          const found = await shared.verification.verify(proof, connection);
          if (found.kind === "refused") return refusals.refuse(client, connection, found);
          return shared.open(door, { live: found.live, by: proof.kind, connection, client });
        },
        get limits() {
          const { handshake, messageBytes, statementBytes } = parts.configuration().limits;
          return { handshakeMs: handshake, messageBytes, statementBytes };
        },
        refused: refusals.record,
      };
    },
    get sessions() {
      return sessions.size;
    },
    look: () => sessions.look(),
    drain: (endIdle) => sessions.drain(endIdle ? movedOn : undefined),
    emptied: (signal) => sessions.emptied(signal),
    async stop(reason, ms) {
      await sessions.stop(reason, ms);
      turn.end();
      await budgets.stop();
    },
  };
}

/** How requests over HTTP come to their sessions. */
function enteringOf<Scope, Act, Cover>(
  { parts, bearers, refusals, verification, unavailable, open }: Shared,
  door: Door<Scope, Act, Cover>,
): Gate<Act, Cover>["enter"] {
  const prefers = (entry: Entry, live: LiveGrant): boolean => {
    const connection = parts.configuration().connections.get(live.grant.connection);
    const scopes = connection === undefined ? undefined : scopesOf<never>(live, connection);
    if (connection?.kind !== door.protocol.kind || scopes === undefined) return false;
    return entry.covers?.(scopes, connection.target) === true;
  };
  return createEntering<Act, Cover>({
    unavailable,
    noGrant,
    prefers,
    grantsOf({ bearer, connection, client, shown, socket }) {
      const found = bearers.grantsOf(bearer, connection, client.address, shown, socket);
      if (!(found instanceof Promise)) return found;
      return found.catch((error: unknown) =>
        error instanceof TooManyGuesses ? tooManyGuesses(error) : verification.unverified(error),
      );
    },
    introspect: ({ bearer, shown }) =>
      parts.identity
        .verify(bearer, { introspect: true, shown })
        .then(() => undefined, verification.unverified),
    open: (live, by, { connection, client }) => open(door, { live, by, connection, client }),
    closed: verification.closed,
    // Whoever is asked for a nonce was not refused: it is how they come to one (RFC 9449, section 9).
    refuse: (entry, refusal) =>
      refusal.challenge?.error === "use_dpop_nonce"
        ? refusal
        : refusals.refuse(entry.client, entry.connection, refusal),
  });
}
