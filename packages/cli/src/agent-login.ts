import { MayflyError } from "@mayfly/sdk";
import {
  askAsAgent,
  askAsService,
  checkIdToken,
  type Client,
  expiryOf,
  isDue,
  type Proof,
  refreshIdToken,
  type Subject,
} from "@mayfly/sdk/tokens";
import { readKeyFile, readTokenFile } from "./key-files.ts";
import type { AgentOf, CallerOf, PersonOf } from "./profile.ts";
import type { Login, Obtained } from "./tokens.ts";

/**
 * Gets a registered agent's next token, by both exchanges, for whom its login says: a person who signed in, the machine
 * that calls it, or a person for whom another agent calls it.
 * @throws MayflyError
 */
export async function askForAgent(
  login: Login,
  agent: AgentOf,
  client: Client,
  proof: Proof,
): Promise<Obtained> {
  const { org, person, caller, accessTokenFile } = agent;
  const renewed =
    person === undefined ? undefined : await renewPerson(person, personClient(agent, client), proof);
  const subject: Subject =
    accessTokenFile !== undefined
      ? { kind: "access_token", token: readTokenFile(accessTokenFile) }
      : caller !== undefined
        ? { kind: "access_token", token: await callerToken(caller, agent, client, renewed, proof) }
        : { kind: "id_token", token: idTokenOf(renewed) };
  const { scope, resource } = login;
  const ask = {
    org,
    client,
    ...(scope === undefined ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
  };
  const token = await askAsAgent(ask, subject, proof);
  return { login: renewed === undefined ? login : { ...login, agent: { ...agent, person: renewed } }, token };
}

/** The client that the person signs in to: the linked app of the agent that exchanges their ID token. */
export function personClient({ org, person, caller }: AgentOf, agent: Client): Client {
  if (person?.clientId !== undefined) {
    const key = person.key === undefined ? {} : { key: readKeyFile(person.key, undefined) };
    return { issuer: org, clientId: person.clientId, ...key };
  }
  return caller === undefined ? { ...agent, issuer: org } : { ...callerClient(caller, agent), issuer: org };
}

function callerClient({ clientId, key, keyId }: CallerOf, agent: Client): Client {
  return { issuer: agent.issuer, clientId, key: readKeyFile(key, keyId) };
}

/** The access token with which the caller calls the agent: a service app's own, or another agent's for a person. */
async function callerToken(
  caller: CallerOf,
  { org }: AgentOf,
  agent: Client,
  person: PersonOf | undefined,
  proof: Proof,
): Promise<string> {
  const { scope, resource } = caller;
  const ask = {
    client: callerClient(caller, agent),
    ...(scope === undefined ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
  };
  if (person === undefined) return (await askAsService(ask, proof)).accessToken;
  const subject: Subject = { kind: "id_token", token: idTokenOf(person) };
  return (await askAsAgent({ ...ask, org }, subject, proof)).accessToken;
}

/** The person's sign-in with an ID token that is still good, by the refresh token where there is one. */
async function renewPerson(person: PersonOf, client: Client, proof: Proof): Promise<PersonOf> {
  const { idToken, refreshToken } = person;
  if (idToken === undefined || refreshToken === undefined || !isDue(expiryOf(idToken))) return person;
  return { ...person, ...(await refreshIdToken(client, refreshToken, proof)) };
}

function idTokenOf(person: PersonOf | undefined): string {
  const { idTokenFile } = person ?? {};
  const fromEnvironment = process.env["MAYFLY_ID_TOKEN"] ?? "";
  const token =
    idTokenFile !== undefined
      ? readTokenFile(idTokenFile)
      : fromEnvironment !== ""
        ? fromEnvironment
        : person?.idToken;
  if (token === undefined)
    throw new MayflyError("not_logged_in", "the person's ID token is not here", {
      hint: "set MAYFLY_ID_TOKEN, or log in again: mayfly login --agent … --person browser",
    });
  checkIdToken(token);
  return token;
}
