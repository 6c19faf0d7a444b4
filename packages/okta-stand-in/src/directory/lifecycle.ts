import type { EventDetails, EventTarget, OrgEvent } from "../events/org-event.ts";
import { orgEvent } from "../events/org-event.ts";
import type { SystemLog } from "../events/system-log.ts";
import type { Withdrawn } from "../inspection.ts";
import type { Person, Settings } from "../options.ts";
import type { AgentStatus, RegisteredAgent } from "../registered-agent.ts";
import type { App, Directory, Group } from "./directory.ts";
import { linkedAppId } from "./directory.ts";
import { oktaId } from "./okta-id.ts";

/** What an administrator does to people, apps, agents and groups. Each act leaves its events. */
export interface Lifecycle {
  /** Puts an event into the System Log, and so into event hooks. */
  emit(eventType: string, targets: readonly EventTarget[], details?: EventDetails): OrgEvent;
  /** Deactivates a person (login or id), an app or a registered agent (client id): nothing is issued to it any more. */
  deactivate(subject: string): void;
  /** The opposite: for a person `reactivate`, for others `activate`. */
  activate(subject: string): void;
  suspend(login: string): void;
  unsuspend(login: string): void;
  isSuspended(login: string): boolean;
  setStatus(clientId: string, status: AgentStatus): void;
  setGroups(login: string, groups: readonly string[]): void;
  /** Assigns groups to an app, by its client id or its agent's. */
  setAppGroups(clientId: string, groups: readonly string[]): void;
  deleteGroup(name: string): void;
  /** Takes a person's sessions at the org away (the event alone; `signOut` also tells the applications). */
  clearSessions(login: string): void;
  /** A person logged out at the org (the event alone). */
  endSession(login: string): void;
  /** Universal Logout was done for a person (the event alone; `revokeEverywhere` also tells an application). */
  logOutEverywhere(login: string): void;
}

const userTarget = (person: Person): EventTarget => ({
  id: person.uid,
  type: "User",
  alternateId: person.login,
  displayName: person.name,
});

const appTarget = (id: string, label: string): EventTarget => ({
  id,
  type: "AppInstance",
  alternateId: label,
  displayName: label,
});

const groupTarget = (group: Group): EventTarget => ({
  id: group.id,
  type: "UserGroup",
  alternateId: "unknown",
  displayName: group.name,
});

/** The workload families whose events an org sends: either may fire, so both do unless the option says otherwise. */
const families: Record<Settings["workloadEvents"], readonly string[]> = {
  short: ["workload_principal"],
  long: ["workload_principal.ai_agent"],
  both: ["workload_principal", "workload_principal.ai_agent"],
};

export function lifecycleOf(
  settings: Settings,
  directory: Directory,
  withdrawn: Withdrawn,
  log: SystemLog,
): Lifecycle {
  const suspended = new Set<string>();
  const emit: Lifecycle["emit"] = (eventType, targets, details) => {
    const event = orgEvent(eventType, targets, details);
    log.store(event);
    return event;
  };
  const personNamed = (login: string): Person => {
    const person = directory.person(login);
    if (person === undefined) throw new TypeError(`nobody is called ${login}`);
    return person;
  };
  const setStatus = (clientId: string, status: AgentStatus): void => {
    const agent = directory.agent(clientId);
    if (agent === undefined) throw new TypeError(`no registered agent is called ${clientId}`);
    if (agent.status === status) return;
    agent.status = status;
    const word = status === "ACTIVE" ? "activate" : "deactivate";
    emitWorkload(agent, word);
    const app = linkedAppId(agent);
    if (app !== undefined) emit(`application.lifecycle.${word}`, [appTarget(app, agent.name)]);
  };
  const emitWorkload = (agent: RegisteredAgent, word: string): void => {
    const target = {
      id: agent.clientId,
      type: "WorkloadPrincipal",
      alternateId: "unknown",
      displayName: agent.name,
    };
    const members = {
      debugContext: {
        debugData: {
          workload_principal_id: agent.clientId,
          workload_principal_type: "AI_AGENT",
          workload_principal_status: agent.status,
        },
      },
    };
    for (const family of families[settings.workloadEvents]) emit(`${family}.${word}`, [target], { members });
  };
  const changeApp = (app: App, word: "activate" | "deactivate"): void => {
    // An agent and its app deactivate each other.
    if (app.agent !== undefined) {
      setStatus(app.agent.clientId, word === "activate" ? "ACTIVE" : "INACTIVE");
      return;
    }
    if (word === "activate") withdrawn.subjects.delete(app.clientId);
    else withdrawn.subjects.add(app.clientId);
    emit(`application.lifecycle.${word}`, [appTarget(app.id, app.label)]);
    emit(`app.oauth2.client.lifecycle.${word}`, [
      { id: app.clientId, type: "PublicClientApp", displayName: app.label },
    ]);
  };
  const change = (subject: string, word: "activate" | "deactivate"): void => {
    const person = directory.person(subject);
    const app = directory.app(subject);
    if (person !== undefined) {
      const isNews = withdrawn.subjects.has(person.login) === (word === "activate");
      if (word === "activate") withdrawn.subjects.delete(person.login);
      else withdrawn.subjects.add(person.login);
      if (isNews)
        emit(`user.lifecycle.${word === "activate" ? "reactivate" : "deactivate"}`, [userTarget(person)]);
    } else if (directory.agent(subject) !== undefined)
      setStatus(subject, word === "activate" ? "ACTIVE" : "INACTIVE");
    else if (app !== undefined) changeApp(app, word);
    else if (word === "activate") withdrawn.subjects.delete(subject);
    else withdrawn.subjects.add(subject);
  };
  const moved = (
    before: readonly string[],
    after: readonly string[],
    tell: (word: string, group: Group) => void,
  ): void => {
    for (const name of before.filter((one) => !after.includes(one))) tell("remove", groupNamed(name));
    for (const name of after.filter((one) => !before.includes(one))) tell("add", groupNamed(name));
  };
  const groupNamed = (name: string): Group => directory.group(name) ?? { id: oktaId("00g", name), name };
  const setGroups: Lifecycle["setGroups"] = (login, groups) => {
    const person = personNamed(login);
    const before = person.groups;
    for (const name of [...before, ...groups]) remember(name);
    person.groups = [...groups];
    moved(before, groups, (word, group) =>
      emit(`group.user_membership.${word}`, [userTarget(person), groupTarget(group)]),
    );
  };
  /** A group stays a group when nobody is in it any more. */
  const remember = (name: string): void => {
    settings.groupIds.set(name, groupNamed(name).id);
  };
  const suspension = (login: string, word: "suspend" | "unsuspend"): void => {
    const person = personNamed(login);
    if (word === "suspend") suspended.add(person.login);
    else suspended.delete(person.login);
    if (word === "suspend") withdrawn.subjects.add(person.login);
    else withdrawn.subjects.delete(person.login);
    emit(`user.lifecycle.${word}`, [userTarget(person)]);
  };
  return {
    emit,
    deactivate: (subject) => change(subject, "deactivate"),
    activate: (subject) => change(subject, "activate"),
    suspend: (login) => suspension(login, "suspend"),
    unsuspend: (login) => suspension(login, "unsuspend"),
    isSuspended: (login) => suspended.has(login),
    setStatus,
    setGroups,
    setAppGroups(clientId, groups) {
      const app = directory.app(clientId);
      if (app === undefined) throw new TypeError(`no app is called ${clientId}`);
      const before = app.groups;
      for (const name of [...before, ...groups]) remember(name);
      settings.appGroups.set(app.agent?.clientId ?? app.clientId, [...groups]);
      moved(before, groups, (word, group) =>
        emit(`group.application_assignment.${word}`, [groupTarget(group), appTarget(app.id, app.label)]),
      );
    },
    deleteGroup(name) {
      const group = groupNamed(name);
      for (const person of directory.members(name))
        person.groups = person.groups.filter((one) => one !== name);
      for (const [app, groups] of settings.appGroups)
        settings.appGroups.set(
          app,
          groups.filter((one) => one !== name),
        );
      settings.groupIds.delete(name);
      emit("group.lifecycle.delete", [groupTarget(group)]);
    },
    clearSessions: (login) => void emit("user.session.clear", [userTarget(personNamed(login))]),
    endSession: (login) => void emit("user.session.end", [userTarget(personNamed(login))]),
    logOutEverywhere: (login) =>
      void emit("user.authentication.universal_logout", [userTarget(personNamed(login))]),
  };
}
