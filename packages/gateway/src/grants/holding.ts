import { newSecret } from "../kernel/ids.ts";
import { remaining } from "../kernel/clock.ts";
import { readReason } from "./ask.ts";
import type { Core } from "./core.ts";
import { end, endSoon, expiry } from "./endings.ts";
import { conflict, forbidden, notFound, reading, storeUnavailable } from "./errors.ts";
import type { Actor } from "./grants.ts";
import type { LiveEntry } from "./live.ts";
import { maySeeGrant, owns, requireOperator } from "./people.ts";
import { grantRecord, write } from "./records.ts";
import { verifierOf } from "./secret-verifier.ts";
import type { Grant, Requester } from "./types.ts";

/** A grant as it may be shown: the verifier stays inside. */
export function shown(grant: Grant): Grant {
  const { verifier: _, ...rest } = grant;
  return rest;
}

/** The live grant of that id, checked against both clocks; what is over ends here and now. */
export function liveEntry(core: Core, id: string): LiveEntry | undefined {
  const entry = core.live.get(id);
  if (entry === undefined) return undefined;
  if (remaining(core.clock, entry.deadline) > 0) return entry;
  endSoon(core, entry.grant, expiry(entry.grant));
  return undefined;
}

/** The live grants of one holder on one connection, newest first; what is over ends here and now. */
export function liveEntriesOf(core: Core, holder: Requester, connection: string): readonly LiveEntry[] {
  return core.live
    .all()
    .filter(({ grant }) => grant.connection === connection && owns(holder, grant))
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

/** One grant, for whoever may see it. */
export async function showGrant(core: Core, viewer: Actor, id: string): Promise<Grant> {
  return shown(await visible(core, viewer, id));
}

/** Ended by its holder; one that has ended stays as it ended. */
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

/** Ended by an operator. */
export async function revoke(core: Core, operator: Actor, id: string, why: string): Promise<Grant> {
  const grant = await visible(core, operator, id);
  requireOperator(operator);
  const reason = `grant ${id} was revoked by ${operator.name}: ${readReason(why)}`;
  return finish(core, grant, { event: "revoke", by: operator.subject, reason });
}

async function finish(core: Core, grant: Grant, ending: Parameters<typeof end>[2]): Promise<Grant> {
  // One that ended here a moment ago is ended again, which only waits for its record.
  if (grant.state !== "active" && !core.endedHere.has(grant.id)) return shown(grant);
  return shown(await end(core, grant, ending));
}

/** Makes the secret of a live grant, once, for its requester. */
export async function collectSecret(core: Core, actor: Actor, id: string): Promise<string | undefined> {
  const grant = await visible(core, actor, id);
  if (!owns(actor, grant)) throw notFound("grant", id);
  const over = (): never => {
    throw conflict("grant_ended", `grant ${id} has ended`, "request again");
  };
  if (liveEntry(core, id) === undefined) over();
  const secret = newSecret();
  const verifier = await verifierOf(secret);
  let set: boolean;
  try {
    set = await core.store.setVerifier(id, verifier);
  } catch (error) {
    throw storeUnavailable(error, "the secret may be lost; use the access token, or request again");
  }
  const entry = liveEntry(core, id) ?? over();
  if (!set) return undefined;
  entry.verifier = verifier;
  // A secret that is not on record is not given away: it is lost, and the access token is still a way in.
  const record = grantRecord("grant.collected", entry.grant, core.rules.configuration, { by: actor.subject });
  await write(core.log, [record], "the secret is lost; use the access token, or request again");
  return secret;
}

/** The verifier of a live grant's secret. */
export async function verifier(core: Core, id: string): Promise<string | undefined> {
  const entry = liveEntry(core, id);
  if (entry === undefined || entry.verifier !== undefined) return entry?.verifier;
  // Collected through another gateway, perhaps.
  const stored = (await reading(core.store.grant(id)))?.verifier;
  const now = liveEntry(core, id);
  if (now === undefined) return undefined;
  if (stored !== undefined) now.verifier = stored;
  return now.verifier;
}
