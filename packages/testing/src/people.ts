import {
  startOktaStandIn,
  type OktaStandIn,
  type OktaStandInOptions,
  type StandInAgent,
} from "@mayfly/okta-stand-in";

/** Who is there in the demo and in the tests, and what they are for. */
export const people = [
  // In the reviewers' group, so that one sees that an owner cannot approve for their own agent.
  { login: "owner@example.com", name: "Oscar Owner", groups: ["support-leads"] },
  { login: "rosa@example.com", name: "Rosa Reviewer", groups: ["support-leads"] },
  { login: "ravi@example.com", name: "Ravi Reviewer", groups: ["support-leads"] },
  { login: "sana@example.com", name: "Sana Reliability", groups: ["sre"] },
  { login: "olga@example.com", name: "Olga Operator", groups: ["platform"] },
  { login: "ada@example.com", name: "Ada Auditor", groups: ["security"] },
  { login: "nils@example.com", name: "Nils Nobody", groups: [] },
] as const;

/** The login of somebody who is there. */
export type Login = (typeof people)[number]["login"];

/** The agent's client id at the stand-in, as Okta's look. */
export const agentId = "0oasupportbot";

/** The app as which a gateway asks Okta's API. */
export const apiClient = "0oamayflyapi";

/** The console as the provider knows it. */
export const consoleClient = { id: "0oamayflyconsole", secret: "secret-of-the-console" } as const;

/**
 * Starts the stand-in for Okta with everybody, the agent, and the console of the gateway at `url` as an application of
 * its OIDC and of its SAML side.
 */
export async function startProvider(
  url: string,
  more: {
    readonly agentKeys?: StandInAgent["keys"];
    /** Whether the agent's app demands DPoP, as Okta's new ones do. */
    readonly agentDpop?: boolean;
    /** The keys of the app as which a gateway asks Okta's API; there is none when left out. */
    readonly apiKeys?: StandInAgent["keys"];
    readonly name?: string;
    /** Where it listens; a free port when left out. */
    readonly port?: number;
    readonly singleSignOn?: boolean;
    readonly introspection?: { readonly clientId: string; readonly clientSecret: string };
    readonly publicClients?: OktaStandInOptions["publicClients"];
    readonly registeredAgents?: OktaStandInOptions["registeredAgents"];
  } = {},
): Promise<OktaStandIn> {
  const {
    agentKeys = [],
    agentDpop = false,
    apiKeys,
    publicClients = [],
    registeredAgents = [],
    ...rest
  } = more;
  const okta = await startOktaStandIn({
    ...rest,
    publicClients,
    registeredAgents,
    agents: [
      { clientId: agentId, keys: agentKeys, dpop: agentDpop },
      ...(apiKeys === undefined
        ? []
        : [
            {
              clientId: apiClient,
              keys: apiKeys,
              dpop: true,
              oktaScopes: ["okta.apps.read", "okta.logs.read"],
              adminRole: "READ_ONLY_ADMIN" as const,
            },
          ]),
    ],
    people,
    web: {
      clientId: consoleClient.id,
      clientSecret: consoleClient.secret,
      redirectUris: [`${url}/sign-in/oidc/callback`],
      postLogoutRedirectUris: [`${url}/sign-in`],
      backChannelLogoutUri: `${url}/sign-in/oidc/back-channel-logout`,
    },
  });
  okta.saml.register({ entityId: `${url}/sign-in/saml/metadata`, acs: `${url}/sign-in/saml/acs` });
  return okta;
}
