import { isClaimName } from "../checks/names.ts";
import type { OktaClient, OktaQuestion } from "./client.ts";
import { OktaApiFailure } from "./failure.ts";
import { mayAsk, oktaScopes } from "./settings.ts";
import type { OktaApiSettings } from "../../kernel/okta-api-settings.ts";

/** What Okta says about one agent. */
export interface AgentFacts {
  /** `ai_agent`: registered; `app`: a service app, or another OAuth client; `none`: Okta does not know that id. */
  readonly kind: "ai_agent" | "app" | "none";
  /** Okta's own word: ACTIVE, INACTIVE, STAGED, DELETED; NONE where Okta does not know the id. */
  readonly state: string;
  /** For people to read. */
  readonly name?: string;
  /** The app that groups are assigned to: the agent's own, or the one linked to it. */
  readonly app?: string;
  /** Sorted; empty for an agent that is not active. */
  readonly groups: readonly string[];
  /** All owners, each by id and by mail address; sorted. */
  readonly owners: readonly string[];
}

/** Bounds groups and owners: nobody could review more. */
const MAX_NAMES = 4000;

const agentsPath = "/workload-principals/api/v1/ai-agents";

type Json = Readonly<Record<string, unknown>>;

const unreadable = (what: string): OktaApiFailure =>
  new OktaApiFailure("away", `Okta's answer about ${what} cannot be read`);

function objectOf(value: unknown, what: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw unreadable(what);
}

function nameIn(object: Json, member: string, what: string): string {
  const value = object[member];
  if (isClaimName(value)) return value;
  throw unreadable(what);
}

/** A state is one word in capitals; any other text is not a state. */
function stateIn(object: Json, what: string): string {
  const { status } = object;
  if (typeof status === "string" && /^[A-Z_]{1,32}$/.test(status)) return status;
  throw unreadable(what);
}

function sorted(names: Iterable<string>, what: string): readonly string[] {
  const all = [...new Set(names)];
  if (all.length > MAX_NAMES) throw new OktaApiFailure("away", `${what}: more than ${MAX_NAMES} names`);
  return all.toSorted();
}

/**
 * Asks Okta's API about an agent: a registered AI agent by its client id, with its linked app; else the app of that client
 * id. The client id may begin with anything.
 * @param kind what the last answer was, which saves a call; left out: not known
 * @throws OktaApiFailure when a fact that decides access could not be fetched
 */
export async function readAgent(
  okta: OktaClient,
  settings: Pick<OktaApiSettings, "scopes" | "groups">,
  client: string,
  kind?: AgentFacts["kind"],
): Promise<AgentFacts> {
  const may = (scope: string): boolean => mayAsk(settings, scope);

  async function one(question: OktaQuestion): Promise<unknown> {
    try {
      return (await okta.page(question)).value;
    } catch (thrown) {
      if (thrown instanceof OktaApiFailure && thrown.kind === "missing") return undefined;
      throw thrown;
    }
  }
  const appOf = (id: string): Promise<unknown> =>
    one({ path: `/api/v1/apps/${encodeURIComponent(id)}`, bucket: "apps" });

  async function groupsOf(app: Json, id: string): Promise<readonly string[]> {
    const names: string[] = [];
    if (settings.groups.assigned) {
      const path = `/api/v1/apps/${encodeURIComponent(id)}/groups?expand=group&limit=200`;
      for (const entry of await okta.list({ path, bucket: "apps" })) {
        const { group } = objectOf(objectOf(entry, "an app's groups")["_embedded"], "an app's groups") as {
          group?: unknown;
        };
        const profile = objectOf(objectOf(group, "an app's groups")["profile"], "an app's groups");
        names.push(nameIn(profile, "name", "an app's groups"));
      }
    }
    const { attribute } = settings.groups;
    if (attribute !== undefined) names.push(...attributeOf(app, attribute));
    return sorted(names, "an agent's groups");
  }

  async function ownersOf(orn: string): Promise<readonly string[]> {
    if (!may(oktaScopes.owners)) return [];
    const filter = encodeURIComponent(`parentResourceOrn eq "${orn}"`);
    const path = `/governance/api/v1/resource-owners?filter=${filter}`;
    const names: string[] = [];
    for (const entry of await okta.list({ path, bucket: "resource-owners" })) {
      const { principals } = objectOf(entry, "an agent's owners");
      if (!Array.isArray(principals)) throw unreadable("an agent's owners");
      for (const principal of principals)
        names.push(...(await namesOf(objectOf(principal, "an agent's owners"))));
    }
    return sorted(names, "an agent's owners");
  }

  /** The people behind an owner: a user, or everybody in a group. */
  async function namesOf(owner: Json): Promise<readonly string[]> {
    const id = nameIn(owner, "id", "an agent's owners");
    if (owner["type"] === "OKTA_USER") {
      const { email } = (owner["profile"] ?? {}) as { email?: unknown };
      return isClaimName(email) ? [id, email] : [id];
    }
    if (owner["type"] !== "OKTA_GROUP") throw unreadable("an agent's owners");
    if (!may(oktaScopes.groups))
      throw new OktaApiFailure(
        "refused",
        "a group owns the agent, and the gateway may not read who is in it",
        {
          hint: `grant the app ${oktaScopes.groups}, and add it to okta_api.scopes`,
        },
      );
    const path = `/api/v1/groups/${encodeURIComponent(id)}/users?limit=200`;
    const members = await okta.list({ path, bucket: "groups" });
    return members.flatMap((member) => {
      const user = objectOf(member, "a group's members");
      const { login } = objectOf(user["profile"], "a group's members");
      return [nameIn(user, "id", "a group's members"), ...(isClaimName(login) ? [login] : [])];
    });
  }

  async function registered(found: Json): Promise<AgentFacts> {
    const what = "an AI agent";
    const { oauthClient, profile, signOnProvider } = found as Record<string, unknown>;
    const named = oauthClient === undefined ? undefined : objectOf(oauthClient, what)["clientId"];
    if (found["id"] !== client && named !== client) throw unreadable(what);
    const state = stateIn(found, what);
    const name = profile === undefined ? undefined : objectOf(profile, what)["name"];
    const common = { kind: "ai_agent" as const, state, ...(isClaimName(name) ? { name } : {}) };
    const app = signOnProvider === undefined ? undefined : objectOf(signOnProvider, what)["appInstanceId"];
    const linked = app === undefined || app === null ? {} : { app: nameIn({ app }, "app", what) };
    if (state !== "ACTIVE") return { ...common, ...linked, groups: [], owners: [] };
    const owners = may(oktaScopes.owners) ? await ownersOf(ornOf(found)) : [];
    if (linked.app === undefined) return { ...common, groups: [], owners };
    const { assigned, attribute } = settings.groups;
    if (!assigned && attribute === undefined) return { ...common, ...linked, groups: [], owners };
    const its = await appOf(linked.app);
    if (its === undefined) throw unreadable("the app linked to an AI agent");
    return { ...common, ...linked, groups: await groupsOf(objectOf(its, "an app"), linked.app), owners };
  }

  async function asApp(): Promise<AgentFacts | undefined> {
    const found = await appOf(client);
    if (found === undefined) return undefined;
    const app = objectOf(found, "an app");
    const id = nameIn(app, "id", "an app");
    if (id !== client && clientOf(app) !== client) throw unreadable("an app");
    const state = stateIn(app, "an app");
    const { label } = app;
    const common = { kind: "app" as const, state, app: id, ...(isClaimName(label) ? { name: label } : {}) };
    return { ...common, groups: state === "ACTIVE" ? await groupsOf(app, id) : [], owners: [] };
  }

  async function asAiAgent(): Promise<AgentFacts | undefined> {
    if (!may(oktaScopes.aiAgents)) return undefined;
    const path = `${agentsPath}/${encodeURIComponent(client)}`;
    const found = await one({ path, bucket: "ai-agents" });
    return found === undefined ? undefined : registered(objectOf(found, "an AI agent"));
  }

  const ways = kind === "app" ? [asApp, asAiAgent] : [asAiAgent, asApp];
  for (const way of ways) {
    const facts = await way();
    if (facts !== undefined) return facts;
  }
  return { kind: "none", state: "NONE", groups: [], owners: [] };
}

/** The groups in an attribute of the app's profile: a list of names, or one name; absent: no groups. */
function attributeOf(app: Json, attribute: string): readonly string[] {
  const { profile } = app;
  if (profile === undefined || profile === null) return [];
  const object = objectOf(profile, "an app's profile");
  const value = Object.hasOwn(object, attribute) ? object[attribute] : undefined;
  if (value === undefined || value === null) return [];
  const names: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (!names.every(isClaimName)) throw unreadable(`the attribute of an app's profile that lists groups`);
  return names;
}

/** The OAuth client id of an app. */
function clientOf(app: Json): unknown {
  const { oauthClient } = (app["credentials"] ?? {}) as { oauthClient?: { client_id?: unknown } };
  return oauthClient?.client_id;
}

/** A registered agent's resource name, as it stands in Okta's link to the agent's delegations. */
function ornOf(agent: Json): string {
  const { delegationLinks } = (agent["_links"] ?? {}) as { delegationLinks?: { href?: unknown } };
  const href = delegationLinks?.href;
  const filter =
    typeof href === "string" && URL.canParse(href) ? new URL(href).searchParams.get("filter") : null;
  const orn = /"(orn:okta:directory:[A-Za-z0-9]{1,64}:workload-principals:ai-agents:[A-Za-z0-9]{1,64})"/.exec(
    filter ?? "",
  )?.[1];
  if (orn === undefined) throw unreadable("an AI agent's resource name");
  return orn;
}
