import "./style.css";
import type { Connection } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { mayfly } from "../../api/client.ts";
import { useRoles } from "../../api/session.ts";
import { Badge, RiskBadge, StateBadge } from "../../components/badge.tsx";
import { LinkButton } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { Code, Untrusted } from "../../components/untrusted.tsx";
import { useNow } from "../../components/use-now.ts";
import { pageRoles, sees } from "../../roles.ts";
import { byNeed, healthWords, overview } from "./summary.ts";

/** Health moves without any record: it is asked for as often as the gateway checks. Milliseconds. */
const again = 30_000;

/** What stands behind the gateway: each target's health, its operations and its recent use. */
export function ConnectionsPage(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ["connections"],
    queryFn: () => mayfly.connections(),
    refetchInterval: again,
  });
  return (
    <Page
      title="Connections"
      description={
        data === undefined || data.length === 0
          ? "The systems behind the gateway, as it sees them."
          : `${overview(data)}, as this gateway sees them.`
      }
    >
      {data === undefined ? (
        <Card flush>
          {error === null ? (
            <Skeleton lines={8} />
          ) : (
            <ErrorState error={error} retry={() => void refetch()} />
          )}
        </Card>
      ) : data.length === 0 ? (
        <Card flush>
          <EmptyState icon="connections" title="There are no connections">
            Each connection of the configuration appears here with its health, its operations and its use.
          </EmptyState>
        </Card>
      ) : (
        byNeed(data).map((connection) => <ConnectionCard key={connection.name} connection={connection} />)
      )}
    </Page>
  );
}

function ConnectionCard({ connection }: { connection: Connection }): ReactNode {
  const roles = useRoles();
  const { name, protocol, address, health, recent } = connection;
  return (
    <Card
      {...(health.state === "down" ? { tone: "bad" as const } : {})}
      title={
        <span className="row">
          <Untrusted text={name} />
          <StateBadge state={health.state} />
        </span>
      }
      actions={
        sees(roles, pageRoles["/activity"]) && (
          <LinkButton size="s" to="/activity" search={{ connection: name }} icon="activity">
            Activity
          </LinkButton>
        )
      }
    >
      <div className="stack">
        <div className="spread">
          <span className="muted">
            {protocol} at <Untrusted text={address} />
          </span>
          <Health connection={connection} />
        </div>
        {health.detail !== undefined && <Code text={health.detail} />}
        <dl className="connections-numbers">
          <Figure name="grants" value={recent.grants} />
          <Figure name="acts" value={recent.acts} />
          <Figure name="denied" value={recent.denied} />
          <div className="connections-figure">
            <dt>last used</dt>
            <dd>
              {recent.last_used_at === undefined ? "not within a year" : <Time at={recent.last_used_at} />}
            </dd>
          </div>
        </dl>
        <Operations connection={connection} />
      </div>
    </Card>
  );
}

function Health({ connection }: { connection: Connection }): ReactNode {
  const { text, stale } = healthWords(connection, useNow());
  return (
    <span className="row muted">
      {text}
      {stale && <Badge tone="warn">an old answer</Badge>}
    </span>
  );
}

function Figure({ name, value }: { name: string; value: number }): ReactNode {
  return (
    <div className="connections-figure">
      <dt>{name}, 24 h</dt>
      <dd className="numeric">{value.toLocaleString()}</dd>
    </div>
  );
}

function Operations({ connection: { name, operations } }: { connection: Connection }): ReactNode {
  if (operations.length === 0) return <p className="muted">No operations: nothing can be asked for here.</p>;
  return (
    <div className="connections-operations">
      <Table label={`Operations on ${name}`}>
        <thead>
          <tr>
            <th scope="col">Operation</th>
            <th scope="col">Risk</th>
            <th scope="col">Last used</th>
          </tr>
        </thead>
        <tbody>
          {operations.map((operation) => (
            <tr key={operation.name}>
              <td>
                <span className="connections-operation">
                  <Untrusted text={operation.name} />
                </span>
                <span className="muted connections-description">
                  <Untrusted text={operation.description} />
                </span>
              </td>
              <td>
                <RiskBadge risk={operation.risk} />
              </td>
              <td className="muted connections-last">
                {operation.last_used_at === undefined ? (
                  "not within a year"
                ) : (
                  <Time at={operation.last_used_at} />
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </Table>
    </div>
  );
}
