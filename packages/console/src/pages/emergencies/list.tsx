import "./style.css";
import type { Request } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { emergenciesQuery } from "../../api/queries.ts";
import { useRoles } from "../../api/session.ts";
import { AgentLink } from "../../components/agent-link.tsx";
import { Badge, RiskBadge } from "../../components/badge.tsx";
import { Card } from "../../components/card.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { sees } from "../../roles.ts";
import { RequestLink } from "../request/request-link.tsx";
import { highestRisk } from "../request/words.ts";
import { newestText } from "./words.ts";

/** Which emergencies are listed. */
export type Which = "unreviewed" | "reviewed";

function Emergency({ request }: { request: Request }): ReactNode {
  const mayEver = sees(useRoles(), ["reviewer", "operator"]);
  const { reviews = [], why_not_review: whyNot } = request;
  return (
    <li className="emergencies-item">
      <span className="spread">
        <span className="row">
          <RiskBadge risk={highestRisk(request.operations)} />
          <AgentLink who={request.requester} />
          <RequestLink
            id={request.id}
            operations={request.operations.map(({ name }) => name)}
            connection={request.connection}
          />
        </span>
        <span className="row muted">
          {request.may_review === true && reviews.length === 0 && <Badge tone="info">yours to review</Badge>}
          <Time at={request.created_at} />
        </span>
      </span>
      <span className="emergencies-text">
        <Untrusted text={request.reason} />
      </span>
      {reviews.map(({ id, reviewer, note }) => (
        <span key={id} className="emergencies-text muted">
          <Untrusted text={reviewer.display_name ?? reviewer.name} />: <Untrusted text={note} />
        </span>
      ))}
      {reviews.length === 0 && whyNot !== undefined && mayEver && (
        <span className="muted">
          You can&rsquo;t review it: <Untrusted text={whyNot} />.
        </span>
      )}
    </li>
  );
}

const nothing: Readonly<Record<Which, { readonly title: string; readonly text: string }>> = {
  unreviewed: {
    title: "No emergencies to review",
    text: "What is taken by breaking glass is listed here until somebody has said what they found.",
  },
  reviewed: {
    title: "No reviews yet",
    text: "Emergencies that somebody has reviewed are listed here, with what they found.",
  },
};

function Listed({ requests }: { requests: readonly Request[] }): ReactNode {
  const newest = newestText(requests.length);
  return (
    <>
      <ul aria-label="Emergencies, newest first">
        {requests.map((request) => (
          <Emergency key={request.id} request={request} />
        ))}
      </ul>
      {newest !== undefined && <p className="emergencies-newest muted">{newest}</p>}
    </>
  );
}

/** Emergencies that the viewer may see, newest first. */
export function EmergencyList({ which }: { which: Which }): ReactNode {
  const { data, error, refetch } = useQuery(emergenciesQuery(which));
  return (
    <Card flush>
      {data === undefined ? (
        error === null ? (
          <Skeleton lines={6} />
        ) : (
          <ErrorState error={error} retry={() => void refetch()} />
        )
      ) : data.length === 0 ? (
        <EmptyState title={nothing[which].title}>
          <p>{nothing[which].text}</p>
        </EmptyState>
      ) : (
        <Listed requests={data} />
      )}
    </Card>
  );
}
