import type { Signal, SignalChannel, SignalEffect, SignalSubject } from "./signal.ts";

// Okta's events, from event hooks and the System Log: the effect of each on grants and sessions.

/** The subject of an event, by the type of its targets. */
type Whom = "user" | "agent" | "app" | "group" | "user of app";

/** The effect of one type of event. */
interface EventMeaning {
  readonly whom: Whom;
  readonly effect: SignalEffect;
  /** For an event about a user and a group: whether the user is in it now. */
  readonly isMember?: boolean;
  /** Counts even with the outcome FAILURE: a lock-out is the result of a failed sign-in. */
  readonly whateverOutcome?: true;
  /** Without a target, the actor is the subject. */
  readonly orActor?: true;
}

const ends = (whom: Whom): EventMeaning => ({ whom, effect: "end" });
const judges = (whom: Whom): EventMeaning => ({ whom, effect: "judge_again" });
const refreshes = (whom: Whom): EventMeaning => ({ whom, effect: "refresh" });

/** Registered agents have two families of events; an org sends either or both. */
const agentFamilies = ["workload_principal", "workload_principal.ai_agent"];
const agentEvents = {
  register: refreshes("agent"),
  update: judges("agent"),
  activate: refreshes("agent"),
  deactivate: ends("agent"),
  delete: ends("agent"),
} as const;

const exact: ReadonlyMap<string, EventMeaning> = new Map<string, EventMeaning>([
  ["user.lifecycle.suspend", ends("user")],
  ["user.lifecycle.deactivate", ends("user")],
  ["user.lifecycle.delete.initiated", ends("user")],
  ["user.lifecycle.delete.completed", ends("user")],
  ["user.account.lock", { ...ends("user"), whateverOutcome: true, orActor: true }],
  ["user.session.clear", ends("user")],
  ["user.session.end", { ...ends("user"), orActor: true }],
  ["user.authentication.universal_logout", ends("user")],
  ["user.lifecycle.unsuspend", refreshes("user")],
  ["user.lifecycle.activate", refreshes("user")],
  ["user.lifecycle.reactivate", refreshes("user")],
  ["user.account.unlock", refreshes("user")],
  ["user.risk.change", { ...refreshes("user"), orActor: true }],
  ["group.user_membership.add", { ...judges("user"), isMember: true }],
  ["group.user_membership.remove", { ...judges("user"), isMember: false }],
  ["group.lifecycle.delete", judges("group")],
  ["group.application_assignment.add", judges("app")],
  ["group.application_assignment.remove", judges("app")],
  ["application.lifecycle.activate", refreshes("app")],
  ["application.lifecycle.deactivate", ends("app")],
  ["application.lifecycle.delete", ends("app")],
  ["application.user_membership.add", refreshes("user")],
  ["application.user_membership.remove", ends("user of app")],
  // Only the System Log has these.
  ["app.oauth2.client.lifecycle.activate", refreshes("app")],
  ["app.oauth2.client.lifecycle.deactivate", ends("app")],
  ["app.oauth2.client.lifecycle.delete", ends("app")],
  ...agentFamilies.flatMap((family) =>
    Object.entries(agentEvents).map(([word, meaning]): [string, EventMeaning] => [
      `${family}.${word}`,
      meaning,
    ]),
  ),
]);

/** Families of events with one effect. */
const families: readonly (readonly [prefix: string, meaning: EventMeaning])[] = [
  ["workload_principal.ai_agent.credential.", refreshes("agent")],
  ["workload_principal.ai_agent.sign_on_provider.", refreshes("agent")],
  ["workload_principal.delegation_link.", judges("agent")],
  ["workload_principal.resource_connection.", judges("agent")],
];

/** The types of events that have an effect, for a filter; `families` are prefixes. */
export const meaningfulEvents: { readonly exact: readonly string[]; readonly families: readonly string[] } = {
  exact: [...exact.keys()],
  families: families.map(([prefix]) => prefix),
};

function meaningOf(type: string): EventMeaning | undefined {
  return exact.get(type) ?? families.find(([prefix]) => type.startsWith(prefix))?.[1];
}

/** Maximum length of a text from an event, characters. */
const MAX_TEXT = 512;
/** Maximum number of subjects of one event; Okta's name one or two. */
const MAX_SUBJECTS = 20;

type Members = { readonly [member: string]: unknown };

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Members) : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" && value.length <= MAX_TEXT ? value : undefined;
}

interface Target {
  readonly id: string;
  readonly type: string;
  readonly login?: string;
  readonly name?: string;
}

function targetOf(value: unknown): Target | undefined {
  const { id: given, type, alternateId, displayName } = membersOf(value);
  const id = textOf(given);
  if (id === undefined || id === "unknown") return undefined;
  const login = textOf(alternateId);
  const name = textOf(displayName);
  return {
    id,
    type: textOf(type) ?? "",
    // Okta writes this word for a missing value.
    ...(login === undefined || login === "unknown" ? {} : { login }),
    ...(name === undefined || name === "unknown" ? {} : { name }),
  };
}

const isUser = ({ type }: Target): boolean => type === "User";
const isApp = ({ type }: Target): boolean => /^(AppInstance|\w*ClientApp|OAuth2ClientApp)$/.test(type);
const isGroup = ({ type }: Target): boolean => type === "UserGroup";
/** The name of the type differs between families; the id does not. */
const isAgent = ({ id, type }: Target): boolean =>
  id.startsWith("wlp") || /^(workload_?principal|ai_?agent)/i.test(type);

/** The subject of a signal, and what else the event says about it. */
type Found = Pick<Signal, "subject" | "membership" | "through">;

function userOf({ id, login }: Target): SignalSubject {
  return { kind: "user", uid: id, ...(login === undefined ? {} : { login }) };
}

function groupOf({ id, name }: Target): { readonly id: string; readonly name?: string } {
  return { id, ...(name === undefined ? {} : { name }) };
}

function subjectsOf(event: Members, meaning: EventMeaning): readonly Found[] {
  const listed = Array.isArray(event["target"]) ? (event["target"] as unknown[]).slice(0, MAX_SUBJECTS) : [];
  const targets = listed.flatMap((each) => targetOf(each) ?? []);
  const actor = meaning.orActor === true ? targetOf(event["actor"]) : undefined;
  const named = targets.filter(isUser);
  const users = named.length > 0 || actor === undefined || !isUser(actor) ? named : [actor];
  const clients = (of: readonly Target[]): Found[] =>
    of.map(({ id }) => ({ subject: { kind: "client", client: id } }));
  if (meaning.whom === "user of app")
    return users.flatMap((user) =>
      targets.filter(isApp).map(({ id }) => ({ subject: userOf(user), through: id })),
    );
  if (meaning.whom === "app") return clients(targets.filter(isApp));
  if (meaning.whom === "group")
    return targets.filter(isGroup).map((group) => ({ subject: { kind: "group", ...groupOf(group) } }));
  if (meaning.whom === "agent") {
    const agents = targets.filter(isAgent);
    if (agents.length > 0) return clients(agents);
    const id = textOf(membersOf(membersOf(event["debugContext"])["debugData"])["workload_principal_id"]);
    return id === undefined ? [] : [{ subject: { kind: "client", client: id } }];
  }
  const { isMember } = meaning;
  if (isMember === undefined) return users.map((user) => ({ subject: userOf(user) }));
  return users.flatMap((user) =>
    targets.filter(isGroup).map((group) => ({
      subject: userOf(user),
      membership: { group: groupOf(group), isMember },
    })),
  );
}

/**
 * Reads the signals of one Okta event: none for an event without effect here, without success, or without a subject.
 * @param event from a hook or the System Log
 * @returns undefined for anything without an id, a type or a time
 */
export function signalsOfEvent(
  event: unknown,
  { channel, issuers }: { readonly channel: SignalChannel; readonly issuers: readonly string[] },
): readonly Signal[] | undefined {
  const members = membersOf(event);
  const uuid = textOf(members["uuid"]);
  const type = textOf(members["eventType"]);
  const at = Date.parse(textOf(members["published"]) ?? "");
  if (uuid === undefined || type === undefined || Number.isNaN(at)) return undefined;
  const meaning = meaningOf(type);
  if (meaning === undefined) return [];
  const result = membersOf(members["outcome"])["result"];
  const isDone = result === undefined || result === "SUCCESS" || result === "ALLOW";
  if (!isDone && meaning.whateverOutcome !== true) return [];
  return subjectsOf(members, meaning).map((found, index) => ({
    channel,
    // An event about several subjects becomes one signal for each.
    id: index === 0 ? uuid : `${uuid}/${index + 1}`,
    event: type,
    at,
    effect: meaning.effect,
    issuers,
    ...found,
  }));
}

/** The content of an event hook's call. */
export interface HookCall {
  readonly signals: readonly Signal[];
  /** Events without effect here, by type. */
  readonly ignored: readonly string[];
  /** Events that could not be read. */
  readonly unreadable: number;
}

/**
 * Reads the body of an event hook's call: `data.events`, several a call.
 * @returns undefined for a body of another form
 */
export function readHookCall(body: unknown, issuers: readonly string[]): HookCall | undefined {
  const events = membersOf(membersOf(body)["data"])["events"];
  if (!Array.isArray(events)) return undefined;
  const signals: Signal[] = [];
  const ignored: string[] = [];
  let unreadable = 0;
  for (const event of events as unknown[]) {
    const found = signalsOfEvent(event, { channel: "event_hook", issuers });
    if (found === undefined) unreadable += 1;
    else if (found.length === 0) ignored.push(textOf(membersOf(event)["eventType"]) ?? "");
    else signals.push(...found);
  }
  return { signals, ignored, unreadable };
}
