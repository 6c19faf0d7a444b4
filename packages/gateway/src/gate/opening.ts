import type { ConnectionConfiguration } from "../configuration/types.ts";
import type { RecordContext } from "../audit/records.ts";
import type { LiveGrant } from "../grants/types.ts";
import { newId } from "../kernel/ids.ts";
import { requesterKey } from "../kernel/requester.ts";
import type { ActTimes } from "./act-times.ts";
import { type CompiledGrants, scopesOf } from "./compiled-grants.ts";
import type { ClientFacts, Proof, Session, SessionRefused } from "./gate.ts";
import { createDenialCounter } from "./denials.ts";
import type { Budgets } from "./limits/budgets.ts";
import { countOpening, createPaces } from "./limits/pace.ts";
import { createPlacesOf } from "./limits/places-of.ts";
import type { OpenSessions } from "./open-sessions.ts";
import type { GateParts } from "./parts.ts";
import type { NamedScope, Protocol } from "./protocol.ts";
import type { RefusalRecords } from "./refusal-records.ts";
import { identityUnknown, noGrant, openingUnrecorded, sandboxOnly, tooManySessions } from "./refusals.ts";
import { createSession, type OpenSession } from "./session.ts";
import type { Turn } from "./turn.ts";
import { elsewhereOf, isProofFor } from "./verification.ts";

export interface OpeningParts {
  readonly gate: GateParts;
  readonly turn: Turn;
  readonly sessions: OpenSessions;
  readonly refusals: RefusalRecords;
  readonly budgets: Budgets;
  /** Why nobody is served now. */
  readonly unavailable: () => SessionRefused | undefined;
}

/** One protocol with its grants. */
export interface Door<Scope, Act, Cover> {
  readonly protocol: Protocol<Scope, Act, Cover>;
  readonly compiled: CompiledGrants<Scope, Act, Cover>;
  readonly times: ActTimes;
}

/** Who opens a session, with what, and from where. */
export interface Opening {
  /** The grant; its holder's identity was verified a moment ago. */
  readonly live: LiveGrant;
  readonly by: Proof["kind"];
  readonly connection: string;
  readonly client: ClientFacts;
}

/** Opens a session on a grant, or records why not. */
export type Open = <Scope, Act, Cover>(
  door: Door<Scope, Act, Cover>,
  opening: Opening,
) => Promise<Session<Act, Cover> | SessionRefused>;

/** A refusal and why, for the record. */
interface Refusal {
  readonly kind: "refusal";
  readonly refusal: SessionRefused;
  readonly why: string | undefined;
}

/** What a grant opens, as configured now. */
interface Opened<Scope> {
  readonly kind: "target";
  readonly target: ConnectionConfiguration;
  readonly scopes: readonly NamedScope<Scope>[];
  /** Of the configuration that all this is read from. */
  readonly digest: string;
}

export function createOpening(parts: OpeningParts): Open {
  const { gate, refusals, sessions, budgets } = parts;
  const denials = createDenialCounter(gate.clock);
  const acquirePlaces = createPlacesOf(gate);
  const paceOf = createPaces({
    clock: gate.clock,
    limits: () => gate.configuration().limits,
    count: gate.count,
  });
  /** Sessions that have their places, and are not open before their opening is recorded. */
  let beingRecorded = 0;
  /** Why no session is opened on the grant any more: the store may have taken seconds to give it its places. */
  const closedMeanwhile = (live: LiveGrant): Refusal | undefined => {
    const away = parts.unavailable();
    if (away !== undefined) return refusalOf(away);
    if (live.ended.aborted) return refusalOf(noGrant, "the grant has ended");
    const isFull = sessions.size + beingRecorded >= gate.configuration().limits.connections;
    return isFull ? refusalOf(tooManySessions) : undefined;
  };

  return async <Scope, Act, Cover>(door: Door<Scope, Act, Cover>, opening: Opening) => {
    const { live, connection, client } = opening;
    const refuse = (refusal: SessionRefused, why?: string): SessionRefused =>
      refusals.refuse(client, connection, refusal, why, live);
    const found = await targetOf<Scope>(parts, door.protocol.kind, opening);
    if (found.kind === "refusal") return refuse(found.refusal, found.why);
    const principal = requesterKey(live.grant.requester);
    const places = await acquirePlaces(door.protocol.serve !== undefined, live.grant.id, principal);
    if (places.kind === "refused") return refuse(places);
    const closed = closedMeanwhile(live);
    if (closed !== undefined) {
      places.release();
      return refuse(closed.refusal, closed.why);
    }
    const context = contextOf(opening, found.digest);
    const pace = paceOf(live.grant.id, principal);
    const tooFast = countOpening(pace, context);
    if (tooFast !== undefined) {
      places.release();
      return refuse({ kind: "refused", code: "too_many", denial: tooFast });
    }
    let record: number;
    beingRecorded += 1;
    try {
      record = await recordOpening(parts, context, opening);
    } catch (error) {
      places.release();
      return refuse(openingUnrecorded(error));
    } finally {
      beingRecorded -= 1;
    }
    let unwatch = (): void => undefined;
    const { target } = found.target;
    // What covers an act is found in the very scopes that it is checked by.
    const { scopes, check } = door.compiled.of(live, found.scopes, target);
    const opened: OpenSession<Act, Cover> = createSession<Act, Cover>({
      id: context.session,
      live,
      principal,
      client,
      words: (act) => door.protocol.words?.(act) ?? "",
      target,
      scopes,
      check,
      covering: door.compiled.coveringOf(live, client.address),
      context,
      opened: record,
      log: gate.log,
      turn: parts.turn,
      clock: gate.clock,
      budgets,
      pace,
      denials,
      judged: gate.count,
      times: door.times,
      trace: gate.traces?.()?.of(live.grant.request, live.grant.traceparent),
      stillRunning(what) {
        gate.count("still_running");
        gate.stillRunning({ ...what, session: context.session, grant: live.grant.id, connection });
      },
      closed: () => {
        unwatch();
        places.release();
        sessions.delete(opened);
      },
    });
    sessions.add(opened);
    gate.count("opened");
    unwatch = endWithIdentity(gate, live, opened);
    return opened.session;
  };
}

const refusalOf = (refusal: SessionRefused, why?: string): Refusal => ({ kind: "refusal", refusal, why });

/** Whether the grant may be used on this connection now, and what it opens there. */
async function targetOf<Scope>(
  { gate, sessions, unavailable }: OpeningParts,
  kind: string,
  { live, by, connection, client }: Opening,
): Promise<Opened<Scope> | Refusal> {
  const away = unavailable();
  if (away !== undefined) return refusalOf(away);
  const configuration = gate.configuration();
  const target = configuration.connections.get(connection);
  if (live.grant.connection !== connection || target?.kind !== kind || live.ended.aborted)
    return refusalOf(noGrant, `grant ${live.grant.id} is not for this connection`);
  const elsewhere = elsewhereOf(live, client.address);
  if (elsewhere !== undefined) return refusalOf(elsewhere, "the grant is for another host");
  if (!isProofFor(live, by)) return refusalOf(sandboxOnly, "the grant is for a command in a sandbox");
  // The secret alone does not say that its holder's identity still stands.
  const holder = live.grant.requester;
  const unknown = gate.identity.unknown(holder) ?? (await gate.identity.prove(holder));
  // It may have ended while the provider was asked.
  if (live.ended.aborted) return refusalOf(noGrant, "the grant has ended");
  if (unknown !== undefined) return refusalOf(identityUnknown(unknown));
  if (sessions.size >= configuration.limits.connections) return refusalOf(tooManySessions);
  const scopes = scopesOf<Scope>(live, target);
  if (scopes === undefined) return refusalOf(noGrant, "an operation of the grant is gone");
  return { kind: "target", target, scopes, digest: configuration.digest };
}

/** What every record of the session says. */
function contextOf(
  { live, connection }: Opening,
  digest: string,
): RecordContext & { readonly session: string } {
  return {
    principal: live.principal,
    request: live.grant.request,
    grant: live.grant.id,
    session: newId("ses"),
    connection,
    operations: live.grant.operations,
    policy: live.grant.policies.join(", "),
    configuration: digest,
  };
}

/** Records that a session opens, and waits until that is written. @returns the record's number */
async function recordOpening(
  { gate, turn }: OpeningParts,
  context: RecordContext,
  { live, by, client }: Opening,
): Promise<number> {
  const record = gate.log.append({
    ...context,
    type: "session.opened",
    detail: {
      address: client.address,
      by,
      ends: new Date(live.grant.endsAt).toISOString(),
      protocol: client.protocol,
      ...(client.software === undefined ? {} : { software: client.software.slice(0, 200) }),
      tls: client.tls,
      ...(live.grant.traceparent === undefined ? {} : { traceparent: live.grant.traceparent }),
    },
  });
  await new Promise<void>((resolve, reject) => {
    turn.leaves({ leave: resolve, refuse: (denial) => reject(new Error(denial.message)) });
  });
  return record;
}

/** Ends a session when its holder's identity is withdrawn or nobody vouches for it any more. @returns stops looking */
function endWithIdentity(
  { identity, grants, fault }: GateParts,
  live: LiveGrant,
  opened: Pick<OpenSession<never, unknown>, "end">,
): () => void {
  return identity.watch(live.grant.requester, (reason, kind) => {
    if (kind !== "withdrawn") {
      const cause = kind === "unproven" ? "reverify" : "identity_unverified";
      opened.end({ cause, words: `your identity cannot be verified any more: ${reason}` });
      return;
    }
    const why = `identity withdrawn: ${reason}`;
    opened.end({ cause: "identity_withdrawn", words: why });
    grants.withdrawIdentity(live.grant.id, why).catch(fault);
  });
}
