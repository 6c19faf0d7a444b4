import type { Person, Settings, StandInAgent } from "../options.ts";
import type { RegisteredAgent } from "../registered-agent.ts";
import { oktaId } from "./okta-id.ts";

/** A group of the org. */
export interface Group {
  readonly id: string;
  readonly name: string;
}

/** An app as the management API has it: a service app, the app of an agent, or the application that people sign in to. */
export interface App {
  readonly id: string;
  readonly label: string;
  readonly clientId: string;
  readonly profile: Record<string, unknown>;
  readonly groups: readonly string[];
  readonly agent: RegisteredAgent | undefined;
}

/** Looking things up in the org by any of their ids. */
export interface Directory {
  person(idOrLogin: string): Person | undefined;
  service(clientId: string): StandInAgent | undefined;
  agent(clientId: string): RegisteredAgent | undefined;
  app(id: string): App | undefined;
  apps(): readonly App[];
  groups(): readonly Group[];
  group(idOrName: string): Group | undefined;
  members(name: string): readonly Person[];
}

/** The id of the app that is linked to an agent: its own where there is an older, separate one. */
export function linkedAppId(agent: RegisteredAgent): string | undefined {
  if (agent.userAccess === undefined) return undefined;
  const { clientId } = agent.userAccess;
  return clientId === agent.clientId ? oktaId("0oa", agent.clientId) : clientId;
}

/** The org as the options describe it. */
export function directoryOf(settings: Settings): Directory {
  const serviceApp = (app: StandInAgent): App => ({
    id: app.clientId,
    label: app.name ?? app.clientId,
    clientId: app.clientId,
    profile: app.profile ?? {},
    groups: settings.appGroups.get(app.clientId) ?? [],
    agent: undefined,
  });
  const linkedApp = (agent: RegisteredAgent): App[] => {
    const id = linkedAppId(agent);
    if (id === undefined) return [];
    return [
      {
        id,
        label: agent.name,
        clientId: agent.userAccess?.clientId ?? agent.clientId,
        profile: agent.profile,
        groups: settings.appGroups.get(agent.clientId) ?? [],
        agent,
      },
    ];
  };
  const apps = (): App[] => [
    ...settings.agents.map(serviceApp),
    ...settings.registeredAgents.flatMap(linkedApp),
  ];
  const groups = (): Group[] => {
    const names = new Set([
      ...settings.people.flatMap((person) => person.groups),
      ...[...settings.appGroups.values()].flat(),
      ...settings.groupIds.keys(),
    ]);
    return [...names].map((name) => ({ name, id: settings.groupIds.get(name) ?? oktaId("00g", name) }));
  };
  return {
    person: (id) => settings.people.find((one) => one.uid === id || one.login === id),
    service: (id) => settings.agents.find((one) => one.clientId === id),
    agent: (id) => settings.registeredAgents.find((one) => one.clientId === id),
    app: (id) => apps().find((one) => one.id === id || one.clientId === id),
    apps,
    groups,
    group: (id) => groups().find((one) => one.id === id || one.name === id),
    members: (name) => settings.people.filter((person) => person.groups.includes(name)),
  };
}
