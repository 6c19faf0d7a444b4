import { useQuery } from "@tanstack/react-query";
import { useParams, useRouter } from "@tanstack/react-router";
import type { ReactNode } from "react";
import type { Request } from "@mayfly/sdk/browser";
import { requestQuery } from "../../api/queries.ts";
import { useRoles } from "../../api/session.ts";
import { BreakGlassBadge, RiskBadge, StateBadge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { Page } from "../../components/page.tsx";
import { ErrorState, Skeleton } from "../../components/states.tsx";
import { Countdown, Time } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { Decide } from "./decide.tsx";
import { EmergencyBanner } from "./emergency.tsx";
import { Review } from "./review.tsx";
import { Sheet } from "./sheet.tsx";
import { Story } from "./story.tsx";
import { highestRisk, shortOperation } from "./words.ts";

function Title({ request }: { request: Request }): ReactNode {
  return (
    <>
      <Untrusted text={request.requester.name} /> asks for{" "}
      <Untrusted text={request.operations.map(({ name }) => shortOperation(name)).join(", ")} /> on{" "}
      <Untrusted text={request.connection} />
    </>
  );
}

function Found({ request }: { request: Request }): ReactNode {
  const roles = useRoles();
  const readsLog = roles.includes("operator") || roles.includes("auditor");
  const active = request.grant?.state === "active" ? request.grant : undefined;
  return (
    <Page
      title={`Request of ${request.requester.name}`}
      heading={<Title request={request} />}
      description={
        <span className="row">
          <StateBadge state={request.state} />
          <RiskBadge risk={highestRisk(request.operations)} />
          {request.break_glass && <BreakGlassBadge />}
          <span>
            asked <Time at={request.created_at} />
          </span>
          {active !== undefined && (
            <span>
              · active for <Countdown until={active.ends_at} />
            </span>
          )}
        </span>
      }
    >
      {request.break_glass && <EmergencyBanner request={request} readsLog={readsLog} />}
      <div className={`request-page${readsLog ? "" : " request-page-alone"}`}>
        <Card title="What was asked">
          <Sheet request={request} />
          <p className="request-ids">
            <span className="mono">{request.id}</span>
            <CopyButton text={request.id} label="Copy the request's id" />
            <span className="mono" title={request.digest}>
              {request.digest.slice(0, 19)}…
            </span>
            <CopyButton text={request.digest} label="Copy the digest that a decision is bound to" />
          </p>
          {(request.state !== "pending" || roles.includes("reviewer")) && (
            <div className="request-bar">
              {request.may_review === undefined || request.grant_id === undefined ? (
                <Decide key={request.id} request={request} onDecided={() => undefined} />
              ) : (
                <Review key={request.id} request={request} />
              )}
            </div>
          )}
        </Card>
        {readsLog && <Story id={request.id} />}
      </div>
    </Page>
  );
}

/** One request: what a decision is bound to, the decision, and the whole story. */
export function RequestPage(): ReactNode {
  const { id } = useParams({ from: "/shell/requests/$id" });
  const router = useRouter();
  const { data, error, refetch } = useQuery(requestQuery(id));
  if (data !== undefined) return <Found request={data} />;
  return (
    <Page title="Request">
      {error === null ? (
        <Card>
          <Skeleton lines={8} />
        </Card>
      ) : (
        <Card>
          <ErrorState error={error} retry={() => void refetch()} />
          <div className="row">
            <Button icon="back" variant="ghost" onClick={() => router.history.back()}>
              Back
            </Button>
          </div>
        </Card>
      )}
    </Page>
  );
}
