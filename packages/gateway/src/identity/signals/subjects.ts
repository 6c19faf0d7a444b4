import type { Holder } from "../../kernel/requester.ts";
import { loginKey } from "../../kernel/logins.ts";
import { CLOCK_SKEW_MS } from "../tokens/check.ts";
import { consoleClient } from "../people.ts";
import type { Signal } from "./signal.ts";

/** A subject, within these issuers. */
export type About = Pick<Signal, "subject" | "issuers" | "through">;

interface Person {
  readonly subject: string;
  readonly uid?: string;
  readonly uidFrom?: "name_id";
}

/** The person behind a holder: the holder, or the person whom an agent acts for. */
function personOf({ kind, subject, uid, uidFrom, person }: Holder): Person | undefined {
  if (person !== undefined) return person;
  if (kind !== "person") return undefined;
  return {
    subject,
    ...(uid === undefined ? {} : { uid }),
    ...(uidFrom === undefined ? {} : { uidFrom }),
  };
}

/**
 * Whether a user is this person. Where both have the provider's id, the id decides: a login can be renamed, and given to
 * somebody else. Otherwise any equal name suffices, because a match only ends access.
 */
export function isUser(user: { readonly uid?: string; readonly login?: string }, person: Person): boolean {
  if (user.uid !== undefined && person.uid !== undefined && person.uidFrom === undefined)
    return loginKey(user.uid) === loginKey(person.uid);
  const theirs = [person.subject, person.uid].flatMap((name) => (name === undefined ? [] : [loginKey(name)]));
  return [user.uid, user.login].some((name) => name !== undefined && theirs.includes(loginKey(name)));
}

/** Whether a client is involved in what somebody holds: as its requester, its subject, or an actor. */
function isInChain(client: string, { client: own, subject, kind, person, actors }: Holder): boolean {
  if (own === client || actors.includes(client)) return true;
  return kind === "agent" && person === undefined && subject === client;
}

/** Whether the subject holds it, or it is held for the subject. A group holds nothing. */
export function concerns({ subject, issuers, through }: About, holder: Holder): boolean {
  if (!issuers.includes(holder.issuer)) return false;
  if (through !== undefined && !isInChain(through, holder)) return false;
  if (subject.kind === "client") return isInChain(subject.client, holder);
  if (subject.kind === "group") return false;
  const person = personOf(holder);
  return person !== undefined && isUser(subject, person);
}

/**
 * The earliest time, by the provider's clock, at which it can have stated a holder's facts. For a person who came through a
 * browser the time is from this machine's clock, which may be ahead of the provider's.
 * @param saidAt milliseconds since the epoch; left out where that is unknown, which counts as long ago
 */
export function saidAtProvider(
  { kind, client }: Pick<Holder, "kind" | "client">,
  saidAt: number | undefined,
): number {
  const isOwnClock = kind === "person" && client === consoleClient;
  return saidAt === undefined ? 0 : saidAt - (isOwnClock ? CLOCK_SKEW_MS : 0);
}

const CLIENT_PREFIX = "client ";

/** The key for facts about a client. */
function clientName(client: string): string {
  return `${CLIENT_PREFIX}${client}`;
}

/** The client of such a key; undefined for a user's. */
export function clientFromName(name: string): string | undefined {
  return name.startsWith(CLIENT_PREFIX) ? name.slice(CLIENT_PREFIX.length) : undefined;
}

/** All keys under which facts about a holder may be stored. */
export function namesOf(holder: Holder): readonly string[] {
  const person = personOf(holder);
  const people = [person?.subject, person?.uid].flatMap((name) =>
    name === undefined ? [] : [`user ${loginKey(name)}`],
  );
  const clients = [holder.client, ...holder.actors, ...(holder.kind === "agent" ? [holder.subject] : [])];
  return [...new Set([...people, ...clients.map(clientName)])];
}

/** The keys under which facts about a subject are stored. */
export function namesOfSubject(subject: About["subject"]): readonly string[] {
  if (subject.kind === "client") return [clientName(subject.client)];
  if (subject.kind === "group") return [];
  return [subject.uid, subject.login].flatMap((name) =>
    name === undefined || name === "" ? [] : [`user ${loginKey(name)}`],
  );
}
