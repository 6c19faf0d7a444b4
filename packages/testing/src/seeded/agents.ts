// The groups and agents of the seeded data set. Data alone.

/** The groups of agents. */
export const agentGroups = [
  "support-agents",
  "refund-agents",
  "ledger-agents",
  "analytics-agents",
  "fulfilment-agents",
  "search-agents",
  "mail-agents",
  "oncall-agents",
  "release-agents",
  "edge-agents",
  "research-agents",
  "crm-agents",
  "audit-agents",
  "coding-agents",
] as const;

export type AgentGroup = (typeof agentGroups)[number];

/** An agent of the directory. */
export interface SeededAgent {
  readonly client: string;
  readonly name: string;
  readonly owner: string;
  readonly groups: readonly AgentGroup[];
  /** The person that it acts for, by login. */
  readonly person?: string;
}

const agent = (
  name: string,
  owner: string,
  groups: readonly AgentGroup[],
  more: { readonly client?: string; readonly person?: string } = {},
): SeededAgent => ({
  client: more.client ?? `0oa${name.replaceAll("-", "")}`,
  name,
  owner,
  groups,
  ...(more.person === undefined ? {} : { person: more.person }),
});

/** The first is the agent that the stand-in for Okta gives tokens to. */
export const agents: readonly SeededAgent[] = [
  agent("support-bot", "owner@example.com", ["support-agents", "crm-agents"]),
  agent("refund-bot", "owner@example.com", ["refund-agents", "support-agents"]),
  agent("ledger-bot", "owner@example.com", ["ledger-agents"]),
  agent("analytics-bot", "nils@example.com", ["analytics-agents", "research-agents"]),
  agent("fulfilment-bot", "nils@example.com", ["fulfilment-agents"]),
  agent("search-bot", "nils@example.com", ["search-agents"]),
  agent("newsletter-bot", "nils@example.com", ["mail-agents"]),
  agent("incident-bot", "olga@example.com", ["oncall-agents", "support-agents"]),
  agent("release-bot", "olga@example.com", ["release-agents"]),
  agent("edge-bot", "olga@example.com", ["edge-agents"]),
  agent("research-bot", "nils@example.com", ["research-agents"]),
  agent("crm-bot", "owner@example.com", ["crm-agents", "support-agents"]),
  agent("audit-bot", "ada@example.com", ["audit-agents", "ledger-agents"]),
  agent("coding-agent", "nils@example.com", ["coding-agents", "release-agents"], {
    person: "nils@example.com",
  }),
  agent("nightly-report", "nils@example.com", ["analytics-agents"]),
  agent("warehouse-robot-7", "owner@example.com", ["fulfilment-agents"]),
];

/** Who of the agents may ask for something there. */
export function agentsOf(groups: readonly AgentGroup[]): readonly SeededAgent[] {
  return agents.filter((each) => each.groups.some((group) => groups.includes(group)));
}
