import "./style.css";
import type { Live } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { mayfly } from "../../api/client.ts";
import { liveQuery } from "../../api/queries.ts";
import { useRoles } from "../../api/session.ts";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Icon } from "../../components/icons.tsx";
import { Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { shortOperation } from "../request/words.ts";
import { GrantEntry } from "./grant.tsx";
import { LockdownControl } from "./lockdown.tsx";
import { byHolder, type Holder, type LiveGrant, summary } from "./model.ts";
import { StopDialog } from "./stop-dialog.tsx";

type Stopping =
  | { readonly kind: "grant"; readonly entry: LiveGrant }
  | { readonly kind: "all"; readonly holder: Holder };

function Stop({ stopping, onClose }: { stopping: Stopping; onClose: () => void }): ReactNode {
  if (stopping.kind === "grant") {
    const { grant, sessions } = stopping.entry;
    return (
      <StopDialog
        title="Revoke this grant?"
        description={
          <>
            <Untrusted text={grant.requester.name} /> loses{" "}
            <Untrusted text={grant.operations.map(shortOperation).join(", ")} /> on{" "}
            <Untrusted text={grant.connection} /> at once.{" "}
            {sessions.length > 0 &&
              `${sessions.length === 1 ? "Its session is" : `Its ${sessions.length} sessions are`} cut and what runs is cancelled.`}
          </>
        }
        action="Revoke"
        onClose={onClose}
        stop={async (reason) => {
          await mayfly.revoke(grant.id, reason);
          return "Revoked.";
        }}
      />
    );
  }
  const { requester, grants } = stopping.holder;
  return (
    <StopDialog
      title="Revoke everything it has?"
      description={
        <>
          <Untrusted text={requester.name} /> loses{" "}
          {grants.length === 1 ? "its grant" : `all ${grants.length} grants`} at once, and those that came
          since this page was drawn. Its sessions are cut. It can ask again.
        </>
      }
      action="Revoke all"
      onClose={onClose}
      stop={async (reason) => {
        const { kind, issuer, subject, client } = requester;
        const revoked = await mayfly.revokeAll({ kind, issuer, subject, client }, reason);
        return `${revoked} ${revoked === 1 ? "grant" : "grants"} revoked.`;
      }}
    />
  );
}

function Holders({ live, operator }: { live: Live; operator: boolean }): ReactNode {
  const [stopping, setStopping] = useState<Stopping>();
  return (
    <>
      <div className="stack">
        {byHolder(live).map((holder) => (
          <Card
            key={holder.key}
            flush
            title={
              <span className="live-who">
                <Icon name={holder.requester.kind === "agent" ? "agent" : "person"} />
                <Untrusted text={holder.requester.name} />
                {holder.requester.person !== undefined && (
                  <span className="muted">
                    for <Untrusted text={holder.requester.person.subject} />
                  </span>
                )}
              </span>
            }
            actions={
              operator && (
                <Button size="s" variant="danger-quiet" onClick={() => setStopping({ kind: "all", holder })}>
                  Revoke all of {holder.requester.kind === "agent" ? "this agent" : "this person"}
                </Button>
              )
            }
          >
            <ul>
              {holder.grants.map((entry) => (
                <GrantEntry
                  key={entry.grant.id}
                  entry={entry}
                  {...(operator ? { onRevoke: () => setStopping({ kind: "grant", entry }) } : {})}
                />
              ))}
            </ul>
          </Card>
        ))}
      </div>
      {stopping !== undefined && <Stop stopping={stopping} onClose={() => setStopping(undefined)} />}
    </>
  );
}

/** What is going on now: every grant in force, its sessions, what each does; and the ways to stop it. */
export function LivePage(): ReactNode {
  const operator = useRoles().includes("operator");
  const { data, error, refetch } = useQuery(liveQuery);
  return (
    <Page
      title="Live"
      description={data === undefined ? "Every grant in force and what is done with it." : summary(data)}
      actions={operator && <LockdownControl />}
    >
      {data === undefined ? (
        <Card>
          {error === null ? (
            <Skeleton lines={8} />
          ) : (
            <ErrorState error={error} retry={() => void refetch()} />
          )}
        </Card>
      ) : data.grants.length === 0 ? (
        <Card>
          <EmptyState icon="live" title="Nobody reaches anything now">
            <p>
              A grant appears here when it becomes active, with its countdown, its sessions and what each of
              them is doing, and goes when it ends.
            </p>
          </EmptyState>
        </Card>
      ) : (
        <Holders live={data} operator={operator} />
      )}
    </Page>
  );
}
