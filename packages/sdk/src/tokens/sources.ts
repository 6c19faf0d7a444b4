import { askAsAgent, refuseElsewhere, type Subject } from "./agent.ts";
import type { Client, Proof } from "./authorization-server.ts";
import type { KeptDpopKey } from "./dpop-key.ts";
import { expiryOf } from "./reading.ts";
import { isDue, refreshIdToken, type SignIn } from "./person.ts";
import { readPrivateKey } from "./private-key.ts";
import { askAsService } from "./service.ts";
import { type TokenSource, tokenSource } from "./token-source.ts";

/** A client of an Okta custom authorization server that speaks for itself with a private key. */
export interface ServiceTokensOptions {
  /** The authorization server's Issuer URI. */
  readonly issuer: string;
  readonly clientId: string;
  /** The private key: the text of a PEM, or of a JWK with its kid. */
  readonly key: string;
  /** The key's id at the authorization server, where a PEM cannot say it. */
  readonly keyId?: string;
  /** Scopes, separated by spaces; left out: `mayfly`. */
  readonly scope?: string;
  /** The resource that the token is to be for; left out: the authorization server's own audience. */
  readonly resource?: string;
  /** The key to bind tokens to (DPoP); left out, one is made when the authorization server demands it. */
  readonly dpop?: KeptDpopKey;
}

/** For whom an agent acts. */
export type ActsFor =
  /** A person: the ID token of the agent's linked app, and the refresh token to renew it with. */
  | { readonly idToken: string | (() => string | Promise<string>); readonly refreshToken?: undefined }
  | {
      readonly idToken: string;
      readonly refreshToken: string;
      /** The client that the person signed in to, where it is another than the agent's; it has no key. */
      readonly clientId?: string;
      /** Told of what a renewal gave: a refresh token may be good once. */
      readonly onRenewed?: (signIn: SignIn) => void | Promise<void>;
    }
  /** A service app or another agent: the access token with which it calls this agent. */
  | { readonly accessToken: string | (() => string | Promise<string>) };

/** A registered AI agent. */
export interface AgentTokensOptions extends ServiceTokensOptions {
  /** The org's URL; left out: the origin of the issuer. */
  readonly org?: string;
  readonly for: ActsFor;
}

/** Access tokens of a service app, by its private key. @throws MayflyError key_unreadable */
export function serviceTokens(options: ServiceTokensOptions): TokenSource {
  const client = clientOf(options);
  const proof: Proof = { key: options.dpop };
  const { scope, resource } = options;
  const ask = {
    client,
    ...(scope === undefined ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
  };
  return tokenSource(() => askAsService(ask, proof));
}

/**
 * Access tokens of a registered AI agent, for a person or for the machine that calls it. Each is got by both exchanges
 * anew, for as long as the subject's own token can be had. @throws MayflyError key_unreadable
 */
export function agentTokens(options: AgentTokensOptions): TokenSource {
  const client = clientOf(options);
  const proof: Proof = { key: options.dpop };
  const { scope, resource, org = new URL(client.issuer).origin } = options;
  const subject = subjects(options.for, { ...client, issuer: org }, proof);
  const ask = {
    org,
    client,
    ...(scope === undefined ? {} : { scope }),
    ...(resource === undefined ? {} : { resource }),
  };
  return tokenSource(async () => askAsAgent(ask, await subject(), proof));
}

function clientOf({ issuer, clientId, key, keyId }: ServiceTokensOptions): Client {
  return { issuer, clientId, key: readPrivateKey(key, keyId) };
}

/** What the agent shows of its subject, each time anew. */
function subjects(actsFor: ActsFor, agent: Client, proof: Proof): () => Promise<Subject> {
  const given = async (token: string | (() => string | Promise<string>)): Promise<string> =>
    typeof token === "function" ? token() : token;
  if ("accessToken" in actsFor)
    return async () => ({ kind: "access_token", token: await given(actsFor.accessToken) });
  if (actsFor.refreshToken === undefined)
    return async () => ({ kind: "id_token", token: await given(actsFor.idToken) });
  const { clientId, onRenewed } = actsFor;
  const client = clientId === undefined ? agent : { issuer: agent.issuer, clientId };
  let signIn: SignIn = { idToken: actsFor.idToken, refreshToken: actsFor.refreshToken };
  return async () => {
    if (signIn.refreshToken !== undefined && isDue(expiryOf(signIn.idToken))) {
      refuseElsewhere({ kind: "id_token", token: signIn.idToken }, agent.issuer);
      signIn = await refreshIdToken(client, signIn.refreshToken, proof);
      await onRenewed?.(signIn);
    }
    return { kind: "id_token", token: signIn.idToken };
  };
}
