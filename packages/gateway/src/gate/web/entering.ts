import { createHash } from "node:crypto";
import type { EventEmitter } from "node:events";
import type { LiveGrant } from "../../grants/types.ts";
import { type Principal, principalKey } from "../../identity/principal.ts";
import type { Entry, Refusal, Session, SessionEnd, WebSession } from "../gate.ts";
import type { Found } from "./bearers.ts";
import { createLeaving } from "./leaving.ts";

/** What entering stands on: the gate's own steps, each of which records its refusals. */
export interface EnteringParts<Act> {
  /** Keeps bulky bytes beside the log. */
  readonly payload: WebSession<Act>["payload"];
  /** Why nothing is served now. */
  unavailable(): Refusal | undefined;
  /** Whose a bearer is, verified now. */
  grantsOf(bearer: string, connection: string, address: string): Promise<Found | Refusal>;
  /** Asks the provider too, where that is configured: before a session is opened with an access token. */
  introspect(token: string): Promise<Refusal | undefined>;
  /** Whether the entry would rather use this grant, of several. */
  prefers(entry: Entry, live: LiveGrant): boolean;
  open(live: LiveGrant, by: Found["by"], entry: Entry): Promise<Session<Act> | Refusal>;
  refuse(entry: Entry, refusal: Refusal): Refusal;
  readonly noGrant: Refusal;
  /**
   * How a grant ended, for whoever proved its secret.
   * @param owner whom it must belong to, where an access token was shown
   */
  closed(grant: string, connection: string, owner?: Principal): Promise<Refusal | undefined>;
}

/** The session of a grant on one client connection, and the digests of the tokens that were asked about for it. */
interface Shared<Act> {
  readonly asked: Set<string>;
  session: Promise<WebSession<Act> | Refusal> | undefined;
}

/** Tokens remembered as asked about, on one connection for one grant; one beyond is asked about every time. */
const mostAsked = 16;

/**
 * Makes `Gate.enter`. Every request verifies its bearer and looks its grant up; the session of its client's
 * connection is opened by the first request and shared by the rest, and ends with the connection or the grant.
 */
export function createEntering<Act>(
  parts: EnteringParts<Act>,
): (entry: Entry) => Promise<WebSession<Act> | Refusal> {
  const sessions = new WeakMap<EventEmitter, Map<LiveGrant, Shared<Act>>>();

  const open = async (
    live: LiveGrant,
    by: Found["by"],
    entry: Entry,
    forget: () => void,
  ): Promise<WebSession<Act> | Refusal> => {
    const session = await parts.open(live, by, entry);
    if ("refused" in session) return session;
    const leaving = createLeaving();
    session.attach(leaving);
    const left = (): void => session.close("the client went away");
    entry.socket.once("close", left);
    const over = (): void => {
      forget();
      entry.socket.off("close", left);
      session.close((session.ended.reason as SessionEnd).reason);
    };
    if (session.ended.aborted) over();
    else session.ended.addEventListener("abort", over, { once: true });
    if ((entry.socket as { destroyed?: boolean }).destroyed === true) left();
    const { name, subject, person } = live.grant.requester;
    return {
      holder: { name, subject, ...(person === undefined ? {} : { person: person.subject }) },
      id: session.id,
      grant: session.grant,
      target: session.target,
      scopes: session.scopes,
      endsAt: session.endsAt,
      ended: session.ended,
      complete: (permit, outcome) => session.complete(permit, outcome),
      payload: parts.payload,
      async judge(act, detail) {
        const decision = session.judge(act, detail);
        if ("denial" in decision) return decision;
        const denial = await leaving.wait();
        return denial === undefined ? decision : { denial };
      },
    };
  };

  /** How the grant ended whose secret was proved, or which its owner named. */
  const closedOf = async (
    found: Found,
    { grant, connection, bearer }: Entry,
  ): Promise<Refusal | undefined> => {
    if (found.proved !== undefined) return parts.closed(found.proved, connection);
    if (grant === undefined || found.owner === undefined) return undefined;
    const closed = await parts.closed(grant, connection, found.owner);
    return closed === undefined ? undefined : ((await parts.introspect(bearer)) ?? closed);
  };

  return async (entry) => {
    const away = parts.unavailable();
    if (away !== undefined) return parts.refuse(entry, away);
    const found = await parts.grantsOf(entry.bearer, entry.connection, entry.client.address);
    if ("refused" in found) return parts.refuse(entry, found);
    const named =
      entry.grant === undefined ? found.grants : found.grants.filter(({ grant }) => grant.id === entry.grant);
    const [first] = named;
    // Nothing is read for whoever has no grant here.
    if (first === undefined) {
      return parts.refuse(entry, (await closedOf(found, entry)) ?? parts.noGrant);
    }
    const principal = principalKey(first.grant.requester as Principal);
    entry.account?.belongsTo({ principal });
    await entry.prepare?.();
    const live = named.length > 1 ? (named.find((each) => parts.prefers(entry, each)) ?? first) : first;
    entry.account?.belongsTo({ principal, grant: live.grant.id });
    const mine = sessions.get(entry.socket) ?? new Map<LiveGrant, Shared<Act>>();
    sessions.set(entry.socket, mine);
    const known = mine.get(live);
    // Each token is asked about by itself: a session that another opened says nothing of this one.
    const digest =
      found.by === "token" ? createHash("sha256").update(entry.bearer).digest("base64") : undefined;
    if (digest !== undefined && known?.asked.has(digest) !== true) {
      const refused = await parts.introspect(entry.bearer);
      if (refused !== undefined) return parts.refuse(entry, refused);
    }
    const shared = mine.get(live) ?? { asked: new Set<string>(), session: undefined };
    mine.set(live, shared);
    if (digest !== undefined && shared.asked.size < mostAsked) shared.asked.add(digest);
    if (shared.session !== undefined) return shared.session;
    const forget = (): void => {
      if (mine.get(live) === shared) mine.delete(live);
    };
    shared.session = open(live, found.by, entry, forget);
    try {
      const opened = await shared.session;
      if ("refused" in opened) forget();
      return opened;
    } catch (error) {
      forget();
      throw error;
    }
  };
}
