import { requesterKey } from "../../../kernel/requester.ts";
import { createHash } from "node:crypto";
import type { EventEmitter } from "node:events";
import { Bag } from "../../../kernel/bag.ts";
import type { LiveGrant } from "../../../grants/types.ts";
import type { Principal } from "../../../identity/principal.ts";
import {
  clientGone,
  type Decision,
  endOf,
  type Entry,
  type Session,
  type SessionRefused,
  type Wait,
  type WebSession,
} from "../../gate.ts";
import { sandboxOnly } from "../../refusals.ts";
import { elsewhereOf, isProofFor } from "../../verification.ts";
import type { VerifiedBearer } from "./bearers.ts";
import { createWaitingSender } from "./turn-sender.ts";

/** What entering stands on: the gate's own steps, each of which records its refusals. */
export interface EnteringParts<Act, Cover> {
  /** Why nothing is served now. */
  unavailable(): SessionRefused | undefined;
  /** Whose a bearer is, verified now. */
  grantsOf(entry: Entry): Promise<VerifiedBearer | SessionRefused> | VerifiedBearer;
  /** Asks the provider too, where that is configured: before a session is opened with an access token. */
  introspect(entry: Entry): Promise<SessionRefused | undefined>;
  /** Whether the entry would rather use this grant, of several. */
  prefers(entry: Entry, live: LiveGrant): boolean;
  open(
    live: LiveGrant,
    by: VerifiedBearer["by"],
    entry: Entry,
  ): Promise<Session<Act, Cover> | SessionRefused>;
  refuse(entry: Entry, refusal: SessionRefused): SessionRefused;
  readonly noGrant: SessionRefused;
  /**
   * How a grant ended, for whoever proved its secret.
   * @param owner whom it must belong to, where an access token was shown
   */
  closed(grant: string, connection: string, owner?: Principal): Promise<SessionRefused | undefined>;
}

/** The session of a grant on one client connection, and the digests of the tokens that were asked about for it. */
interface Shared<Act, Cover> {
  readonly asked: Set<string>;
  /** The last of them as it was shown: the same bearer again is not digested again. */
  lastAsked: string | undefined;
  session: Promise<WebSession<Act, Cover> | SessionRefused> | undefined;
  opened: WebSession<Act, Cover> | undefined;
}

/** Tokens remembered as asked about, on one connection for one grant; one beyond is asked about every time. */
const MAX_ASKED_TOKENS = 16;

/** A fault in one exchange's cut keeps no other from being cut; it is reported as one of a listener's is. */
function cutOne(cut: () => void): void {
  try {
    cut();
  } catch (error) {
    process.nextTick(() => {
      throw error;
    });
  }
}

/** Waits, but no longer than the session lasts. */
async function untilOrCut(until: Promise<void>, cuts: Bag<() => void>): Promise<void> {
  const { promise: isCut, resolve } = Promise.withResolvers<void>();
  const cutting = cuts.add(resolve);
  try {
    await Promise.race([until, isCut]);
  } finally {
    cutting.leave();
  }
}

/** Makes the keys by which holders of grants are counted, once for each grant. */
function createHolderKeys(): (live: LiveGrant) => string {
  const keys = new WeakMap<LiveGrant, string>();
  return (live) => {
    const known = keys.get(live);
    if (known !== undefined) return known;
    const made = requesterKey(live.grant.requester);
    keys.set(live, made);
    return made;
  };
}

/** Of several grants, the one for an entry among those that take its proof from its address; undefined: none does. */
function chosen(
  named: readonly LiveGrant[],
  by: VerifiedBearer["by"],
  entry: Entry,
  parts: Pick<EnteringParts<unknown, unknown>, "prefers">,
): LiveGrant | undefined {
  const usable = named.filter(
    (live) => isProofFor(live, by) && elsewhereOf(live, entry.client.address) === undefined,
  );
  return usable.find((live) => parts.prefers(entry, live)) ?? usable[0];
}

/**
 * Makes `Gate.enter`. Every request verifies its bearer and looks its grant up; the session of its client's
 * connection is opened by the first request and shared by the rest, and ends with the connection or the grant.
 */
export function createEntering<Act, Cover>(
  parts: EnteringParts<Act, Cover>,
): (entry: Entry) => Promise<WebSession<Act, Cover> | SessionRefused> {
  const keyOf = createHolderKeys();
  const sessions = new WeakMap<EventEmitter, Map<LiveGrant, Shared<Act, Cover>>>();

  const open = async (
    live: LiveGrant,
    by: VerifiedBearer["by"],
    entry: Entry,
    forget: () => void,
  ): Promise<WebSession<Act, Cover> | SessionRefused> => {
    const session = await parts.open(live, by, entry);
    if (session.kind === "refused") return session;
    const leaving = createWaitingSender<Cover>();
    session.attach(leaving);
    /** What is under way, each with how it is cut: one listener serves all. */
    const cuts = new Bag<() => void>();
    const left = (): void => session.close(clientGone);
    entry.socket.once("close", left);
    const over = (): void => {
      forget();
      entry.socket.off("close", left);
      session.close(endOf(session.ended) ?? clientGone);
      for (const cut of cuts.members()) cutOne(cut);
    };
    if (session.ended.aborted) over();
    else session.ended.addEventListener("abort", over, { once: true });
    if ((entry.socket as { destroyed?: boolean }).destroyed === true) left();
    const { name, subject, person } = live.grant.requester;
    // Not async: each promise more is a turn of the microtask queue for every request.
    const judge = (act: Act, detail: string, waited?: Wait): Promise<Decision<Cover>> => {
      const decision = session.judgeOrWait(act, detail, waited);
      if (decision.kind === "wait")
        return untilOrCut(decision.until, cuts).then(() => judge(act, detail, decision));
      return decision.kind === "deny" ? Promise.resolve(decision) : leaving.wait(decision);
    };
    return {
      kind: "session",
      holder: { name, subject, ...(person === undefined ? {} : { person: person.subject }) },
      id: session.id,
      grant: session.grant,
      ...(session.trace === undefined ? {} : { trace: session.trace }),
      target: session.target,
      scopes: session.scopes,
      endsAt: session.endsAt,
      ended: session.ended,
      cuts,
      complete: (permit, outcome) => session.complete(permit, outcome),
      payload: (bytes) => session.payload(bytes),
      goesOn: () => session.goesOn(),
      judge: (act, detail) => judge(act, detail),
    };
  };

  /** How the grant ended whose secret was proved, or which its owner named. */
  const closedOf = async (found: VerifiedBearer, entry: Entry): Promise<SessionRefused | undefined> => {
    const { grant, connection } = entry;
    if (found.proved !== undefined) return parts.closed(found.proved, connection);
    if (grant === undefined || found.owner === undefined) return undefined;
    const closed = await parts.closed(grant, connection, found.owner);
    return closed === undefined ? undefined : ((await parts.introspect(entry)) ?? closed);
  };

  return async (entry) => {
    const away = parts.unavailable();
    if (away !== undefined) return parts.refuse(entry, away);
    const finding = parts.grantsOf(entry);
    const found = finding instanceof Promise ? await finding : finding;
    if (found.kind === "refused") return parts.refuse(entry, found);
    const named =
      entry.grant === undefined ? found.grants : found.grants.filter(({ grant }) => grant.id === entry.grant);
    const [first] = named;
    // Nothing is read for whoever has no grant here.
    if (first === undefined) {
      return parts.refuse(entry, (await closedOf(found, entry)) ?? parts.noGrant);
    }
    const principal = keyOf(first);
    if (entry.prepare !== undefined || named.length > 1) entry.account?.belongsTo({ principal });
    if (entry.prepare !== undefined) await entry.prepare();
    const live = named.length > 1 ? (chosen(named, found.by, entry, parts) ?? first) : first;
    entry.account?.belongsTo({ principal, grant: live.grant.id });
    // Looked at for every request: the secret may have opened the session that a token would share.
    if (!isProofFor(live, found.by)) return parts.refuse(entry, sandboxOnly);
    let mine = sessions.get(entry.socket);
    if (mine === undefined) sessions.set(entry.socket, (mine = new Map<LiveGrant, Shared<Act, Cover>>()));
    const known = mine.get(live);
    // Each token is asked about by itself: a session that another opened says nothing of this one.
    const isAsked = found.by !== "token" || known?.lastAsked === entry.bearer;
    const digest = isAsked ? undefined : createHash("sha256").update(entry.bearer).digest("base64");
    if (digest !== undefined && known?.asked.has(digest) !== true) {
      const refused = await parts.introspect(entry);
      if (refused !== undefined) return parts.refuse(entry, refused);
    }
    let shared = mine.get(live);
    if (shared === undefined) {
      shared = { asked: new Set<string>(), lastAsked: undefined, session: undefined, opened: undefined };
      mine.set(live, shared);
    }
    if (digest !== undefined) {
      if (shared.asked.size < MAX_ASKED_TOKENS) shared.asked.add(digest);
      if (shared.asked.has(digest)) shared.lastAsked = entry.bearer;
    }
    if (shared.opened !== undefined) return shared.opened;
    if (shared.session !== undefined) return shared.session;
    const forget = (): void => {
      if (mine.get(live) === shared) mine.delete(live);
    };
    shared.session = open(live, found.by, entry, forget);
    try {
      const opened = await shared.session;
      if (opened.kind === "refused") forget();
      else shared.opened = opened;
      return opened;
    } catch (error) {
      forget();
      throw error;
    }
  };
}
