import type { AuditLog } from "../audit/log.ts";
import type { ConnectionConfiguration, Limits } from "../configuration/types.ts";
import type { Grants } from "../grants/grants.ts";
import type { LiveGrant, Requester } from "../grants/types.ts";
import type { Identity } from "../identity/identity.ts";
import { principalKey, type Principal } from "../identity/principal.ts";
import type { Clock } from "../kernel/clock.ts";
import { MayflyError, messageOf } from "../kernel/errors.ts";
import { newId } from "../kernel/ids.ts";
import { createCovering } from "./covering.ts";
import type { ClientFacts, Entry, Gate, Proof, Refusal, Session, SessionEnd } from "./gate.ts";
import type { LiveSession } from "./live.ts";
import type { Covering, NamedScope, Protocol, Verdict } from "./protocol.ts";
import { createScram, isGenuine } from "./scram-server.ts";
import { createSession, type OpenSession } from "./session.ts";
import { createTurn } from "./turn.ts";
import { createBearers } from "./web/bearers.ts";
import { createEntering } from "./web/entering.ts";

/** What the gate stands on. */
export interface GateParts {
  readonly grants: Grants;
  readonly identity: Identity;
  readonly log: AuditLog;
  readonly clock: Clock;
  /** The configuration in force: asked at every `open`, since a reload swaps it. */
  readonly configuration: () => {
    readonly connections: ReadonlyMap<string, ConnectionConfiguration>;
    readonly limits: Limits;
    readonly digest: string;
  };
  /** A fault in the gateway itself, for the operator's log. */
  readonly fault: (error: unknown) => void;
  /** Counts, for metrics. */
  readonly count: (what: "opened" | "refused" | "permit" | "deny") => void;
}

/** All protocols' gates, and what main does with their sessions. */
export interface Gates {
  /** The gate as one protocol sees it. */
  forProtocol<Scope, Act>(protocol: Protocol<Scope, Act>): Gate<Act>;
  readonly sessions: number;
  /** The sessions that are open, in the order in which they were opened. */
  look(): readonly LiveSession[];
  /** Tells every session that the gateway stops, and waits until they have closed or `ms` have passed. */
  stop(reason: string, ms: number): Promise<void>;
}

function sameRequester(requester: Requester, principal: Principal): boolean {
  return principalKey(requester as Principal) === principalKey(principal);
}

/** Every refusal before a session says the same of a grant that is unknown, over, or somebody else's. */
const noGrant: Refusal = {
  code: "no_grant",
  refused: {
    rule: "grant",
    message: "there is no active grant of that id for you on this connection",
    remedy: "ask",
    hint: "ask for access: mayfly operations lists what you may request, mayfly request asks for it",
  },
};

/** A grant's scopes as configured now; undefined when an operation of its is gone. */
function scopesOf<Scope>(
  { grant }: LiveGrant,
  connection: ConnectionConfiguration,
): readonly NamedScope<Scope>[] | undefined {
  const scopes: NamedScope<Scope>[] = [];
  for (const name of grant.operations) {
    const operation = connection.operations.get(name);
    if (operation === undefined) return undefined;
    scopes.push({ name: `${connection.name}/${name}`, scope: operation.scope as Scope });
  }
  return scopes;
}

/** What can be asked for when an act of a grant is denied. */
type CoveringOf<Act> = (live: LiveGrant, address: string) => (act: Act) => Covering | undefined;

/** Compiles a grant's scopes once; a reload that changes the target compiles them for its new sessions. */
type CheckOf<Scope, Act> = (
  live: LiveGrant,
  scopes: readonly NamedScope<Scope>[],
  target: unknown,
) => (act: Act) => Verdict;

/** Makes the gate. */
export function createGates(parts: GateParts): Gates {
  const { grants, identity, log, clock } = parts;
  const turn = createTurn(log, parts.fault);
  const bearers = createBearers(parts);
  const scram = createScram((grant) => grants.verifier(grant));
  const open = new Set<OpenSession<never>>();
  let stopping: SessionEnd | undefined;
  let idle: (() => void) | undefined;
  /** Failed log-ins written in the current second: a flood must not fill the disk. */
  let second = 0;
  let written = 0;

  const recordRefusal = (client: ClientFacts, connection: string, why: string, live?: LiveGrant): void => {
    parts.count("refused");
    const now = Math.floor(clock.monotonic() / 1000);
    if (now !== second) {
      second = now;
      written = 0;
    }
    written += 1;
    if (written > 50) return;
    try {
      log.append({
        type: "session.refused",
        connection: connection.slice(0, 64),
        ...(live === undefined ? {} : { principal: live.principal, grant: live.grant.id }),
        configuration: parts.configuration().digest,
        detail: { address: client.address, protocol: client.protocol, reason: why, tls: client.tls },
      });
      turn.written();
    } catch (error) {
      parts.fault(error);
    }
  };

  const refuse = (
    client: ClientFacts,
    connection: string,
    refusal: Refusal,
    why?: string,
    live?: LiveGrant,
  ): Refusal => {
    recordRefusal(client, connection, why ?? refusal.refused.message, live);
    return refusal;
  };

  const unavailable = (): Refusal | undefined => {
    if (stopping !== undefined) {
      return {
        code: "unavailable",
        refused: {
          rule: "gateway",
          message: stopping.reason,
          remedy: "retry",
          hint: "connect again in a moment",
        },
      };
    }
    if (grants.locked !== undefined) {
      return {
        code: "locked_down",
        refused: {
          rule: "lockdown",
          message: "the gateway is locked down: every grant has ended and nothing is served",
          remedy: "operator",
          hint: "an operator lifts it with: mayfly lockdown --lift",
        },
      };
    }
    // Why is the operator's to know: it may name the gateway's files, and whoever connects is not known yet.
    const away =
      grants.unavailable !== undefined
        ? "the gateway cannot serve grants now"
        : log.unavailable !== undefined
          ? "the gateway's audit log cannot take records now"
          : undefined;
    if (away === undefined) return undefined;
    return {
      code: "unavailable",
      refused: {
        rule: "gateway",
        message: away,
        remedy: "retry",
        hint: "try again; the operator sees why at /readyz",
      },
    };
  };

  /**
   * How a grant ended, for whoever proved its secret.
   * @param owner whom it must belong to, where an access token was shown
   */
  const closedRefusal = async (
    id: string,
    connection: string,
    owner?: Principal,
  ): Promise<Refusal | undefined> => {
    const closed = await grants.closed(id);
    if (closed === undefined || closed.connection !== connection) return undefined;
    if (owner !== undefined && !sameRequester(closed.requester, owner)) return undefined;
    return {
      code: "no_grant",
      refused: {
        rule: "grant",
        message: closed.reason,
        remedy: "ask",
        hint: "access ends with its grant; ask again: mayfly request",
      },
    };
  };

  /** The identity behind a proof, verified now. */
  const verified = async (proof: Proof, connection: string): Promise<LiveGrant | Refusal> => {
    if (proof.kind === "grant-secret") {
      if (!isGenuine(proof)) return noGrant;
      return grants.live(proof.grant) ?? (await closedRefusal(proof.grant, connection)) ?? noGrant;
    }
    try {
      const { principal } = await identity.verify(proof.token, { introspect: true });
      const live = grants.live(proof.grant);
      if (live === undefined) return (await closedRefusal(proof.grant, connection, principal)) ?? noGrant;
      return sameRequester(live.grant.requester, principal) ? live : noGrant;
    } catch (error) {
      return unverified(error);
    }
  };

  /** The refusal of an identity that could not be verified. */
  const unverified = (error: unknown): Refusal => {
    const known = error instanceof MayflyError ? error : undefined;
    if (known === undefined) parts.fault(error);
    return {
      code: known?.status === 503 ? "unavailable" : "unauthenticated",
      refused: {
        rule: "identity",
        message: known?.message ?? "the access token could not be verified",
        remedy: known?.status === 503 ? "retry" : "correct",
        hint: known?.hint ?? "get a fresh access token and connect again",
      },
    };
  };

  const openSession = async <Scope, Act>(
    protocol: Protocol<Scope, Act>,
    checkOf: CheckOf<Scope, Act>,
    coveringOf: CoveringOf<Act>,
    proof: Proof,
    connection: string,
    client: ClientFacts,
  ): Promise<Session<Act> | Refusal> => {
    const before = unavailable();
    if (before !== undefined) return refuse(client, connection, before);
    const found = await verified(proof, connection);
    if ("refused" in found) return refuse(client, connection, found);
    return openOn(protocol, checkOf, coveringOf, found, proof.kind, connection, client);
  };

  /** Opens a session on a grant whose holder's identity was verified a moment ago. */
  const openOn = async <Scope, Act>(
    protocol: Protocol<Scope, Act>,
    checkOf: CheckOf<Scope, Act>,
    coveringOf: CoveringOf<Act>,
    live: LiveGrant,
    by: Proof["kind"],
    connection: string,
    client: ClientFacts,
  ): Promise<Session<Act> | Refusal> => {
    const after = unavailable();
    if (after !== undefined) return refuse(client, connection, after, undefined, live);
    const configuration = parts.configuration();
    const target = configuration.connections.get(connection);
    if (live.grant.connection !== connection || target?.kind !== protocol.kind || live.ended.aborted) {
      return refuse(client, connection, noGrant, `grant ${live.grant.id} is not for this connection`, live);
    }
    if (open.size >= configuration.limits.connections) {
      const full: Refusal = {
        code: "too_many",
        refused: {
          rule: "limits",
          message: "the gateway serves as many sessions as it may",
          remedy: "retry",
          hint: "try again in a moment",
        },
      };
      return refuse(client, connection, full, undefined, live);
    }
    const scopes = scopesOf<Scope>(live, target);
    if (scopes === undefined)
      return refuse(client, connection, noGrant, "an operation of the grant is gone", live);
    const id = newId("ses");
    const context = {
      principal: live.principal,
      request: live.grant.request,
      grant: live.grant.id,
      session: id,
      connection,
      operations: live.grant.operations,
      policy: live.grant.policies.join(", "),
      configuration: configuration.digest,
    };
    try {
      log.append({
        ...context,
        type: "session.opened",
        detail: {
          address: client.address,
          by,
          ends: new Date(live.grant.endsAt).toISOString(),
          protocol: client.protocol,
          ...(client.software === undefined ? {} : { software: client.software.slice(0, 200) }),
          tls: client.tls,
        },
      });
      await new Promise<void>((resolve, reject) => {
        turn.leaves({ leave: resolve, refuse: (denial) => reject(new Error(denial.message)) });
      });
    } catch (error) {
      const refusal: Refusal = {
        code: "unavailable",
        refused: { rule: "audit log", message: messageOf(error), remedy: "retry", hint: "try again later" },
      };
      return refuse(client, connection, refusal, undefined, live);
    }
    let unwatch = (): void => undefined;
    const opened: OpenSession<Act> = createSession<Act>({
      id,
      live,
      client,
      words: (act) => protocol.words?.(act) ?? "",
      target: target.target,
      scopes,
      check: checkOf(live, scopes, target.target),
      covering: coveringOf(live, client.address),
      context,
      log,
      turn,
      clock,
      judged: parts.count,
      closed: () => {
        unwatch();
        open.delete(opened);
        if (open.size === 0) idle?.();
      },
    });
    open.add(opened);
    parts.count("opened");
    unwatch = identity.watch(live.grant.requester as Principal, (reason) => {
      const why = `identity withdrawn: ${reason}`;
      opened.end({ reason: why });
      grants.withdrawIdentity(live.grant.id, why).catch(parts.fault);
    });
    return opened.session;
  };

  return {
    forProtocol<Scope, Act>(protocol: Protocol<Scope, Act>): Gate<Act> {
      // A grant's scopes are compiled once; a reload that changes the target compiles them for its new sessions.
      const compiled = new WeakMap<
        LiveGrant,
        { readonly target: unknown; readonly check: (act: Act) => Verdict }
      >();
      const checkOf = (
        live: LiveGrant,
        scopes: readonly NamedScope<Scope>[],
        target: unknown,
      ): ((act: Act) => Verdict) => {
        const known = compiled.get(live);
        if (known !== undefined && known.target === target) return known.check;
        const check = protocol.compile(scopes, target);
        compiled.set(live, { target, check });
        return check;
      };
      const findersOf = new WeakMap<LiveGrant, (act: Act) => Covering | undefined>();
      const coveringOf: CoveringOf<Act> = (live, address) => {
        const known = findersOf.get(live);
        if (known !== undefined) return known;
        const { connection, operations, requester } = live.grant;
        const find = createCovering<Act>({
          clock,
          offered: () =>
            grants
              .offers(requester, address)
              .filter(
                (offer) =>
                  offer.connection === connection &&
                  offer.outlook.requestable &&
                  !operations.includes(offer.operation),
              )
              .map((offer) => `${connection}/${offer.operation}`),
          checkOf: (name) => {
            const configured = parts.configuration().connections.get(connection);
            const scope = configured?.operations.get(name.slice(connection.length + 1))?.scope as
              | Scope
              | undefined;
            return configured?.kind !== protocol.kind || scope === undefined
              ? undefined
              : protocol.compile([{ name, scope }], configured.target);
          },
        });
        findersOf.set(live, find);
        return find;
      };
      const prefers = (entry: Entry, live: LiveGrant): boolean => {
        const connection = parts.configuration().connections.get(live.grant.connection);
        const scopes = connection === undefined ? undefined : scopesOf<never>(live, connection);
        if (connection?.kind !== protocol.kind || scopes === undefined) return false;
        return entry.covers?.(scopes, connection.target) === true;
      };
      const enter = createEntering<Act>({
        payload: (bytes) => log.payload(bytes),
        unavailable,
        noGrant,
        prefers,
        grantsOf: (bearer, connection) => bearers.grantsOf(bearer, connection).catch(unverified),
        introspect: (token) => identity.verify(token, { introspect: true }).then(() => undefined, unverified),
        open: (live, by, entry) =>
          openOn(protocol, checkOf, coveringOf, live, by, entry.connection, entry.client),
        closed: closedRefusal,
        refuse: (entry, refusal) => refuse(entry.client, entry.connection, refusal),
      });
      return {
        scram,
        enter,
        open: (proof, connection, client) =>
          openSession(protocol, checkOf, coveringOf, proof, connection, client),
        get limits() {
          const { handshake, messageBytes } = parts.configuration().limits;
          return { handshakeMs: handshake, messageBytes };
        },
        refused: recordRefusal,
      };
    },
    get sessions() {
      return open.size;
    },
    look: () => Array.from(open, (each) => each.look()),
    async stop(reason, ms) {
      stopping = { reason };
      const gone = new Promise<void>((resolve) => {
        if (open.size === 0) resolve();
        else idle = resolve;
      });
      for (const each of open) each.end(stopping);
      let cancel = (): void => undefined;
      const bound = new Promise<void>((resolve) => {
        cancel = clock.schedule(ms, resolve);
      });
      await Promise.race([gone, bound]);
      cancel();
      turn.end();
    },
  };
}
