import "./style.css";
import type { Live } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { mayfly } from "../../api/client.ts";
import { liveQuery } from "../../api/queries.ts";
import { useRoles } from "../../api/session.ts";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Banner, Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { useNow } from "../../components/use-now.ts";
import { shortOperation } from "../request/words.ts";
import { LiveFilters } from "./filters.tsx";
import { GrantRow } from "./grant.tsx";
import { LockdownControl } from "./lockdown.tsx";
import { counted, countsOf, holderKey, type LiveGrant, onlyHolder, rowsOf, summary } from "./model.ts";
import { type LiveSearch, readSearch } from "./search.ts";
import { StopDialog } from "./stop-dialog.tsx";

type Stopping =
  | { readonly kind: "grant"; readonly entry: LiveGrant }
  | { readonly kind: "all"; readonly requester: LiveGrant["grant"]["requester"]; readonly grants: number };

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
  const { requester, grants } = stopping;
  return (
    <StopDialog
      title="Revoke everything it has?"
      description={
        <>
          <Untrusted text={requester.name} /> loses {grants === 1 ? "its grant" : `all ${grants} grants`} at
          once, and those that came since this page was drawn. Its sessions are cut. It can ask again.
        </>
      }
      action="Revoke all"
      onClose={onClose}
      stop={async (reason) => {
        const { kind, issuer, subject, client } = requester;
        const revoked = await mayfly.revokeAll({ kind, issuer, subject, client }, reason);
        return `${counted(revoked, "grant")} revoked.`;
      }}
    />
  );
}

/** The time, for what only has to be right to the half minute: the whole list is not drawn anew each second. */
function useHalfMinute(): number {
  return Math.floor(useNow() / 30_000) * 30_000;
}

function Grants({ live, operator }: { live: Live; operator: boolean }): ReactNode {
  const search = useSearch({ from: "/shell/live" });
  const navigate = useNavigate();
  const [stopping, setStopping] = useState<Stopping>();
  const now = useHalfMinute();
  const { rows, folded } = rowsOf(live, search, now);
  const only = onlyHolder(rows);
  const put = (change: Partial<Record<keyof LiveSearch, unknown>>): void => {
    void navigate({
      to: "/live",
      search: readSearch({ ...search, ...change }),
      replace: true,
      resetScroll: false,
    });
  };
  const revoke = operator ? (entry: LiveGrant): void => setStopping({ kind: "grant", entry }) : undefined;
  return (
    <>
      <LiveFilters search={search} counts={countsOf(live, now)} put={put} />
      {live.more && (
        <Banner tone="info">The newest 500 grants are shown; there are more. Narrow them by revoking.</Banner>
      )}
      {operator && only !== undefined && (
        <div className="live-only">
          <span className="muted">
            All of these are held by <Untrusted text={only.name} />.
          </span>
          <Button
            size="s"
            variant="danger-quiet"
            onClick={() => {
              const key = holderKey(only);
              const theirs = live.grants.filter(({ grant }) => holderKey(grant.requester) === key);
              setStopping({ kind: "all", requester: only, grants: theirs.length });
            }}
          >
            Revoke all of {only.kind === "agent" ? "this agent" : "this person"}
          </Button>
        </div>
      )}
      {rows.length === 0 && folded === 0 ? (
        <Card>
          <EmptyState icon="search" title="No matches">
            <Button onClick={() => void navigate({ to: "/live", search: {} })}>Show all grants</Button>
          </EmptyState>
        </Card>
      ) : (
        <div className="live-table">
          {rows.length > 0 && (
            <ul aria-label="Grants">
              {rows.map((entry) => (
                <GrantRow key={entry.grant.id} entry={entry} onRevoke={revoke} />
              ))}
            </ul>
          )}
          {folded > 0 && (
            <button type="button" className="live-folded" onClick={() => put({ unused: true })}>
              Show {counted(folded, "grant")} not in use
            </button>
          )}
        </div>
      )}
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
          <EmptyState icon="live" title="No active grants">
            <p>
              A grant appears here when it becomes active, with its countdown, its sessions and what each of
              them is doing, and goes when it ends.
            </p>
          </EmptyState>
        </Card>
      ) : (
        <Grants live={data} operator={operator} />
      )}
    </Page>
  );
}
