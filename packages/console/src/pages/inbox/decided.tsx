import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import type { Request } from "@mayfly/sdk/browser";
import { decidedQuery } from "../../api/queries.ts";
import { useSession } from "../../api/session.ts";
import { AgentLink } from "../../components/agent-link.tsx";
import { StateBadge } from "../../components/badge.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { RequestLink } from "../request/request-link.tsx";

function Decision({ request, login }: { request: Request; login: string }): ReactNode {
  const mine = request.approvals.find(({ reviewer }) => reviewer.subject === login) ?? request.approvals[0];
  return (
    <li className="inbox-decision">
      <span className="spread">
        <span className="row">
          {mine !== undefined && <StateBadge state={mine.decision === "approve" ? "approved" : "refused"} />}
          <AgentLink who={request.requester} />
          <RequestLink
            id={request.id}
            operations={request.operations.map(({ name }) => name)}
            connection={request.connection}
          />
        </span>
        <span className="muted">
          {request.state === "pending" && "others still have to decide · "}
          {mine !== undefined && <Time at={mine.at} />}
        </span>
      </span>
      <span className="inbox-decision-why">
        <Untrusted text={request.reason} />
      </span>
      {mine !== undefined && mine.comment !== "" && (
        <span className="muted">
          You wrote: <Untrusted text={mine.comment} />
        </span>
      )}
    </li>
  );
}

/** What the reviewer has decided, newest first. */
export function Decided(): ReactNode {
  const { me } = useSession();
  const { data, error, refetch } = useQuery(decidedQuery);
  return (
    <Card flush>
      {data === undefined ? (
        error === null ? (
          <Skeleton lines={6} />
        ) : (
          <ErrorState error={error} retry={() => void refetch()} />
        )
      ) : data.length === 0 ? (
        <EmptyState title="No decisions yet">
          <p>Requests that you approve or refuse are listed here, with what you wrote.</p>
        </EmptyState>
      ) : (
        <ul aria-label="Your decisions, newest first">
          {data.map((request) => (
            <Decision key={request.id} request={request} login={me.subject} />
          ))}
        </ul>
      )}
    </Card>
  );
}
