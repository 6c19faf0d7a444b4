import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Untrusted } from "./untrusted.tsx";

/** Names one requester, as the API does. */
export interface AgentName {
  readonly kind: "agent" | "person";
  readonly issuer: string;
  readonly subject: string;
  readonly client: string;
  readonly name: string;
}

/** The name of an agent, or of a person that asks, as a link to its page. */
export function AgentLink({ who }: { who: AgentName }): ReactNode {
  const { kind, issuer, subject, client, name } = who;
  return (
    <Link
      to="/agents/$subject"
      params={{ subject }}
      search={{ issuer, client, ...(kind === "person" ? { kind } : {}) }}
      className="agent-link"
    >
      <Untrusted text={name} />
    </Link>
  );
}
