import { newSecret } from "../../kernel/ids.ts";
import { remaining } from "../../kernel/clock.ts";
import { isFrom, type Place } from "../../kernel/known-paths.ts";
import { readReason } from "../requests/read-input.ts";
import type { Core } from "../core.ts";
import { end, endSoon, expiry } from "./end.ts";
import { conflict, forbidden, logUnavailable, notFound, reading, storeUnavailable } from "../errors.ts";
import type { Actor } from "../grants.ts";
import type { LiveEntry } from "./live-grants.ts";
import { maySeeGrant, owns, requireOperator } from "../approvals/people.ts";
import { grantRecord, write } from "../durability/records.ts";
import { verifierOf } from "./secret-verifier.ts";
import type { Grant, Requester } from "../types.ts";

/** A grant without its verifier, as it may be shown. */
export function withoutVerifier(grant: Grant): Grant {
  const { verifier: _, ...rest } = grant;
  return rest;
}

/** The live grant of that id, checked against both clocks; an expired one ends here. */
export function liveEntry(core: Core, id: string): LiveEntry | undefined {
  const entry = core.live.get(id);
  if (entry === undefined) return undefined;
  if (remaining(core.clock, entry.deadline) > 0) return entry;
  endSoon(core, entry.grant, expiry(entry.grant, entry.deadline, core.clock));
  return undefined;
}

/** The live grants of one holder on one connection, newest first; expired ones end here. */
export function liveEntriesOf(core: Core, holder: Requester, connection: string): readonly LiveEntry[] {
  return core.live
    .of(holder, connection)
    .filter(({ grant }) => owns(holder, grant))
    .flatMap(({ grant }) => liveEntry(core, grant.id) ?? [])
    .toSorted((a, b) => b.grant.activatedAt - a.grant.activatedAt);
}

/** A grant that the actor may see, from memory or the store. @throws not_found */
async function visible(core: Core, actor: Actor, id: string): Promise<Grant> {
  const grant =
    core.endedHere.get(id)?.grant ?? liveEntry(core, id)?.grant ?? (await reading(core.store.grant(id)));
  if (grant === undefined || !maySeeGrant(actor, grant)) throw notFound("grant", id);
  return grant;
}

/** One grant, for a viewer who may see it. */
export async function showGrant(core: Core, viewer: Actor, id: string): Promise<Grant> {
  return withoutVerifier(await visible(core, viewer, id));
}

/** Ends a grant for its holder; an ended one stays as it ended. */
export async function release(core: Core, actor: Actor, id: string): Promise<Grant> {
  const grant = await visible(core, actor, id);
  if (!owns(actor, grant))
    throw forbidden("only its holder releases a grant", "an operator revokes it instead");
  return finish(core, grant, {
    event: "release",
    by: actor.subject,
    reason: `grant ${id} was released by its holder`,
  });
}

/** Ends a grant for an operator. */
export async function revoke(core: Core, operator: Actor, id: string, why: string): Promise<Grant> {
  const grant = await visible(core, operator, id);
  requireOperator(operator);
  const reason = `grant ${id} was revoked by ${operator.name}: ${readReason(why)}`;
  return finish(core, grant, { event: "revoke", by: operator.subject, reason });
}

async function finish(core: Core, grant: Grant, ending: Parameters<typeof end>[2]): Promise<Grant> {
  // One that ended here a moment ago is ended again, which only waits for its record.
  if (grant.state !== "active" && !core.endedHere.has(grant.id)) return withoutVerifier(grant);
  return withoutVerifier(await end(core, grant, ending));
}

/**
 * Makes the secret of a live grant, once, for its requester.
 * @param from where they come from
 * @param isSandboxed whether they collect it for a command in a sandbox
 * @param read the grant as it was read a moment ago, for one that is not live here
 */
export async function collectSecret(
  core: Core,
  actor: Actor,
  id: string,
  from: Place | undefined,
  isSandboxed: boolean,
  read: Grant | undefined,
): Promise<string | undefined> {
  const grant = liveEntry(core, id)?.grant ?? core.endedHere.get(id)?.grant ?? read;
  if (grant === undefined || !owns(actor, grant)) throw notFound("grant", id);
  const over = (): never => {
    throw conflict("grant_ended", `grant ${id} has ended`, "request again");
  };
  if (liveEntry(core, id) === undefined) over();
  if (!isFrom(grant.from, from))
    throw forbidden(
      `grant ${id} is for the host that asked for it, whose direct paths were probed closed`,
      "ask from here: the answer says what this host lacks",
    );
  if (grant.sandbox === true && !isSandboxed)
    throw forbidden(
      `grant ${id} is for a command in a sandbox: what starts the command collects its secret`,
      "mayfly run --sandbox asks, collects and runs in one; ask without a sandbox to use a grant in another way",
    );
  if (core.log.unavailable !== undefined)
    throw logUnavailable(undefined, "the secret can be collected once it does");
  // What is for a command in a sandbox takes no token.
  const instead = grant.sandbox === true ? "request again" : "use the access token, or request again";
  const secret = newSecret();
  const verifier = await verifierOf(secret);
  let set: boolean;
  try {
    set = await core.store.setVerifier(id, verifier);
  } catch (error) {
    throw storeUnavailable(error, `the secret may be lost; ${instead}`);
  }
  const entry = liveEntry(core, id) ?? over();
  if (!set) return undefined;
  entry.verifier = verifier;
  // A client that collects the secret is alive: the lease runs from here on.
  core.leases.renew(id);
  // An unrecorded secret is not handed out: it is lost.
  const record = grantRecord("grant.collected", entry.grant, core.rules.configuration, { by: actor.subject });
  await write(core.log, [record], `the secret is lost; ${instead}`);
  return secret;
}

/**
 * The verifier of a grant's secret, live or ended.
 * @param isServed whether anybody is let in now
 * @param closed looks one up that is not live here, and makes it so if another gateway made it a moment ago
 */
export async function verifier(
  core: Core,
  id: string,
  isServed: boolean,
  closed: (id: string) => Promise<{ readonly verifier?: string } | undefined>,
): Promise<string | undefined> {
  const known = core.live.get(id);
  const live = isServed ? await liveVerifier(core, id) : known?.verifier;
  const found = live ?? (await closed(id))?.verifier;
  return found ?? (isServed && known === undefined ? liveVerifier(core, id) : undefined);
}

async function liveVerifier(core: Core, id: string): Promise<string | undefined> {
  const entry = liveEntry(core, id);
  if (entry === undefined || entry.verifier !== undefined) return entry?.verifier;
  // Perhaps collected through another gateway.
  const stored = (await reading(core.store.grant(id)))?.verifier;
  const now = liveEntry(core, id);
  if (now === undefined) return undefined;
  if (stored !== undefined) now.verifier = stored;
  return now.verifier;
}
