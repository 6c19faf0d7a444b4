import type { Signal } from "../signals/signal.ts";
import type { AgentFacts } from "./agent-facts.ts";
import type { OktaApiFailure } from "./failure.ts";

/** Listeners for changes of agents, told as soon as Okta reports them. */
export interface AgentNews {
  /** An agent's groups, owners, name or state have changed, or are known for the first time. */
  readonly changed: (client: string) => void;
  /** An agent is no longer active. */
  readonly ended: (signal: Signal) => void;
  /** Okta has said that an agent is active; with when it was asked, on the monotonic clock. */
  readonly proven?: (client: string, at: number) => void;
  /** Something went wrong, for the log. */
  readonly failed?: (client: string, failure: OktaApiFailure) => void;
}

/** Tells listeners what changed between two answers. @param holds whether the agent holds something now */
export function tell(
  { issuer, news }: { readonly issuer: string; readonly news: AgentNews },
  client: string,
  before: AgentFacts | undefined,
  facts: AgentFacts,
  at: { readonly wall: number; readonly monotonic: number },
  holds: () => boolean,
): void {
  const isActive = facts.state === "ACTIVE";
  if (isActive) safely(() => news.proven?.(client, at.monotonic));
  const isHolding = holds();
  if (isActive) {
    if (before === undefined ? isHolding : !sameFacts(before, facts)) safely(() => news.changed(client));
  } else if (before === undefined ? isHolding : before.state !== facts.state) {
    // The end is recorded as a withdrawn identity, not as a refusal by policy.
    safely(() => news.ended(endOf(issuer, client, facts, at.wall)));
  }
}

/** A listener that throws affects no other. */
export function safely(run: () => void): void {
  try {
    run();
  } catch {
    // The answer is kept anyway.
  }
}

function sameFacts(a: AgentFacts, b: AgentFacts): boolean {
  return JSON.stringify(plainOf(a)) === JSON.stringify(plainOf(b));
}

const plainOf = ({ state, name, groups, owners }: AgentFacts): unknown => [state, name, groups, owners];

function endOf(issuer: string, client: string, facts: AgentFacts, at: number): Signal {
  return {
    channel: "okta_api",
    id: `${issuer} ${client} ${facts.state} ${at}`,
    event: `agent.state.${facts.state.toLowerCase()}`,
    at,
    subject: { kind: "client", client },
    effect: "end",
    issuers: [issuer],
  };
}
