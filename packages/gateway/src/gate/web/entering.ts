import type { EventEmitter } from "node:events";
import type { LiveGrant } from "../../grants/types.ts";
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
  grantsOf(bearer: string, connection: string): Promise<Found | Refusal>;
  /** Asks the provider too, where that is configured: before a session is opened with an access token. */
  introspect(token: string): Promise<Refusal | undefined>;
  /** Whether the entry would rather use this grant, of several. */
  prefers(entry: Entry, live: LiveGrant): boolean;
  open(live: LiveGrant, by: Found["by"], entry: Entry): Promise<Session<Act> | Refusal>;
  refuse(entry: Entry, refusal: Refusal): Refusal;
  readonly noGrant: Refusal;
}

/**
 * Makes `Gate.enter`. Every request verifies its bearer and looks its grant up; the session of its client's
 * connection is opened by the first request and shared by the rest, and ends with the connection or the grant.
 */
export function createEntering<Act>(
  parts: EnteringParts<Act>,
): (entry: Entry) => Promise<WebSession<Act> | Refusal> {
  const sessions = new WeakMap<EventEmitter, Map<LiveGrant, Promise<WebSession<Act> | Refusal>>>();

  const open = async (
    live: LiveGrant,
    by: Found["by"],
    entry: Entry,
    forget: () => void,
  ): Promise<WebSession<Act> | Refusal> => {
    const refused = by === "token" ? await parts.introspect(entry.bearer) : undefined;
    if (refused !== undefined) return parts.refuse(entry, refused);
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

  return async (entry) => {
    const away = parts.unavailable();
    if (away !== undefined) return parts.refuse(entry, away);
    const found = await parts.grantsOf(entry.bearer, entry.connection);
    if ("refused" in found) return parts.refuse(entry, found);
    const named =
      entry.grant === undefined ? found.grants : found.grants.filter(({ grant }) => grant.id === entry.grant);
    const live = named.length > 1 ? (named.find((each) => parts.prefers(entry, each)) ?? named[0]) : named[0];
    if (live === undefined) return parts.refuse(entry, parts.noGrant);
    const mine = sessions.get(entry.socket) ?? new Map<LiveGrant, Promise<WebSession<Act> | Refusal>>();
    sessions.set(entry.socket, mine);
    const known = mine.get(live);
    if (known !== undefined) return known;
    const opening = open(live, found.by, entry, () => mine.delete(live));
    mine.set(live, opening);
    try {
      const opened = await opening;
      if ("refused" in opened) mine.delete(live);
      return opened;
    } catch (error) {
      mine.delete(live);
      throw error;
    }
  };
}
