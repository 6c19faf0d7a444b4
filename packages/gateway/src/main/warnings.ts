import { OBSERVE } from "../configuration/observe.ts";
import type { AgentProvider, Configuration } from "../configuration/types.ts";
import { systemClock } from "../kernel/clock.ts";
import { formatDuration } from "../kernel/durations.ts";

/** What works, and probably not as its operator thinks. */
export interface Warning {
  /** The member that it is about. */
  readonly at: string;
  readonly message: string;
  readonly hint: string;
}

/** One thing to warn of: each looks at one fact of a configuration that is valid. */
type Look = (configuration: Configuration) => readonly Warning[];

/** Registered agents ask for a token of the resource's URL, which Okta makes its `aud`, byte for byte. */
const resourceIsNoAudience: Look = ({ url, identity }) => {
  const resource = url.replace(/\/+$/, "");
  if (identity.agents.some(({ audiences }) => audiences.includes(resource))) return [];
  return [
    {
      at: "identity.agents.audience",
      message: `no issuer's audience is ${resource}, the resource that this gateway tells clients to ask for`,
      hint: `registered agents get tokens with exactly that audience: write audience: [${identity.agents[0]?.audiences[0] ?? ""}, ${resource}], or make ${resource} the authorization server's Audience`,
    },
  ];
};

/** Nobody says in which groups the coding agents are that come by the handed-out client. */
const clientWithoutGroups: Look = ({ identity: { agents, mcpClients } }) => {
  const provider = agents.find(({ issuer }) => issuer === mcpClients?.issuer);
  if (mcpClients === undefined || provider?.groupsFrom === "okta") return [];
  if (provider?.directory.has(mcpClients.clientId) !== false) return [];
  return [
    {
      at: "identity.mcp_clients.client_id",
      message: `the client ${mcpClients.clientId} stands in no directory: an agent without groups may ask for nothing`,
      hint: `add it: directory: { ${mcpClients.clientId}: { name: coding-agents, groups: [coding-agents] } }`,
    },
  ];
};

/** Nobody tells the gateway that somebody is no longer good. */
const noChannel: Look = ({ identity: { agents, people, signals } }) => {
  const told =
    signals?.eventHooks ?? signals?.globalTokenRevocation ?? signals?.ssf ?? signals?.systemLog ?? undefined;
  const silent = agents.filter(
    ({ introspection, groupsFrom }) => introspection === undefined && groupsFrom !== "okta",
  );
  if (told !== undefined || silent.length === 0) return [];
  const idle = formatDuration(people.sessions.absolute);
  return [
    {
      at: "identity.signals",
      message: `nothing tells this gateway that ${silent.map(({ issuer }) => issuer).join(", ")} has deactivated somebody: an agent keeps its grants until their deadlines and its token until it expires (Okta's default is 60 minutes, at most 24 hours), a person their browser session for up to ${idle}`,
      hint: "configure identity.signals.event_hooks, which ends access within seconds, or identity.agents.introspection; docs/signals.md shows how",
    },
  ];
};

/** What asks the provider again while an agent works, without the agent's doing, and how often, milliseconds. */
function proofChannels(
  { introspection, oktaApi, groupsFrom }: AgentProvider,
  { signals }: Configuration["identity"],
): readonly { name: string; every?: number }[] {
  return [
    // These two ask as often as `reverify` needs where that is more often than their own time.
    ...(introspection === undefined ? [] : [{ name: "introspection" }]),
    ...(oktaApi === undefined || groupsFrom !== "okta" ? [] : [{ name: "okta_api" }]),
    ...(signals?.systemLog === undefined
      ? []
      : [{ name: "signals.system_log", every: signals.systemLog.every }]),
  ];
}

/** A bound on proofs that nothing but the agent's own tokens can keep. */
const reverifyWithoutChannel: Look = ({ identity }) =>
  identity.agents.flatMap((provider) => {
    const { issuer, reverify } = provider;
    if (reverify === undefined) return [];
    const channels = proofChannels(provider, identity);
    if (channels.some(({ every = 0 }) => every < reverify)) return [];
    const within = formatDuration(reverify);
    const slow = channels.map(({ name, every = 0 }) => `${name} asks every ${formatDuration(every)}`);
    return [
      {
        at: "identity.agents.reverify",
        message: `nothing asks ${issuer} within ${within} whether an agent is still good${slow.length === 0 ? "" : ` (${slow.join(", ")})`}: every session ends ${within} after its agent's newest token was issued, and a token older than that is refused`,
        hint: "configure introspection, okta_api or signals.system_log, or make reverify longer; without one, agents must fetch and show a fresh token more often than that",
      },
    ];
  });

/** Where groups are from Okta, those that a directory lists decide nothing. */
const groupsThatDoNotCount: Look = ({ identity: { agents } }) =>
  agents.flatMap(({ groupsFrom, directory }) => {
    const listed = [...directory].flatMap(([client, { groups }]) => (groups.length > 0 ? [client] : []));
    if (groupsFrom !== "okta" || listed.length === 0) return [];
    return [
      {
        at: "identity.agents.directory",
        message: `groups are from Okta: those that the directory lists for ${listed.join(", ")} decide nothing`,
        hint: "assign the groups to the agents' apps in Okta and leave them out here; name and owner stay",
      },
    ];
  });

/** A NameID is a login: who was renamed, or has another login there, is not known to be whose agent asks. */
const samlWithoutId: Look = ({ identity: { people } }) =>
  people?.saml === undefined || people.saml.idAttribute !== undefined
    ? []
    : [
        {
          at: "identity.people.saml.id_attribute",
          message:
            "people who sign in by SAML are known by their login alone: somebody whose login was renamed counts as another person, and could approve what their own agent asked for under the old login",
          hint: 'send Okta\'s own id as well: in the app, Attribute Statements, name id, value user.getInternalProperty("id"); here, id_attribute: id',
        },
      ];

/** An observed connection, for as long as it is one. */
const observedConnections: Look = ({ connections }) =>
  [...connections.values()].flatMap(({ name, operations }) => {
    const until = operations.get(OBSERVE)?.until;
    if (until === undefined) return [];
    const at = `connections.${name}.observe`;
    const last = new Date(until - 1).toISOString().slice(0, 10);
    return until <= systemClock.wall()
      ? [
          {
            at,
            message: `observing ended with ${last}: nobody gets ${name}/${OBSERVE} any more`,
            hint: "remove observe, and the policies that name it",
          },
        ]
      : [
          {
            at,
            message: `whoever a policy lets have ${name}/${OBSERVE} may do there whatever can be recorded, until the end of ${last}, UTC`,
            hint: `propose operations from what was done (mayflyd inventory --connection ${name}), then remove observe`,
          },
        ];
  });

const hostOf = (url: string): string => URL.parse(url)?.host ?? url;

/** An issuer at a host of which the org that speaks says nothing. */
const issuerOutsideOrg: Look = ({ identity: { agents, people, signals } }) => {
  if (signals === undefined) return [];
  const issuers = [
    ...agents.map(({ issuer }) => issuer),
    ...(people.oidc === undefined ? [] : [people.oidc.issuer]),
  ];
  const outside = issuers.filter((issuer) => !signals.org.includes(URL.parse(issuer)?.origin ?? ""));
  return [...new Set(outside)].map((issuer) => ({
    at: "identity.signals.org",
    message: `${issuer} is at none of ${signals.org.join(", ")}: no signal ends what its agents and people hold`,
    hint: `add https://${hostOf(issuer)} where it is the same org's custom domain; another org's word is not taken here, so use introspection for its tokens`,
  }));
};

/** One authorization server at two hosts of its org, which are two issuers. */
const sameServerTwice: Look = ({ identity: { agents } }) =>
  agents.flatMap(({ issuer }, index) => {
    const { pathname } = new URL(issuer);
    const twin = agents
      .slice(0, index)
      .find((one) => new URL(one.issuer).pathname === pathname && hostOf(one.issuer) !== hostOf(issuer));
    return twin === undefined || !/\/oauth2\/./.test(pathname)
      ? []
      : [
          {
            at: "identity.agents.issuer",
            message: `${issuer} and ${twin.issuer} have one path at two hosts: if they are one org's, everybody is another principal at each, and a grant asked for with a token of one is not there for a token of the other`,
            hint: "set Issuer in the authorization server's Settings to a fixed URL, and keep one provider",
          },
        ];
  });

const looks: readonly Look[] = [
  resourceIsNoAudience,
  clientWithoutGroups,
  groupsThatDoNotCount,
  noChannel,
  reverifyWithoutChannel,
  samlWithoutId,
  issuerOutsideOrg,
  sameServerTwice,
  observedConnections,
];

/** Everything worth a warning in a configuration that is valid. */
export function warningsOf(configuration: Configuration): readonly Warning[] {
  return looks.flatMap((look) => look(configuration));
}
