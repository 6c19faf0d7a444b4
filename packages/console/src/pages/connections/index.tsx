import "./style.css";
import type { Connection } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { connectionsQuery } from "../../api/queries.ts";
import { useRoles } from "../../api/session.ts";
import { Badge, RiskBadge, StateBadge } from "../../components/badge.tsx";
import { Button, LinkButton } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { SelectField, TextField } from "../../components/field.tsx";
import { Icon } from "../../components/icons.tsx";
import { FilterBar, Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { Table } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { useNow } from "../../components/use-now.ts";
import { pageRoles, sees } from "../../roles.ts";
import { ProbedHosts } from "./probed-hosts.tsx";
import type { ConnectionsSearch } from "./search.ts";
import { byNeed, fittingConnections, healthWords, overview, protocolName, wrongWords } from "./summary.ts";

/** Health moves without any record: it is asked for as often as the gateway checks. Milliseconds. */
const again = 30_000;

/** What stands behind the gateway: each target's health, its operations and its recent use. */
export function ConnectionsPage(): ReactNode {
  const roles = useRoles();
  const { data, error, refetch } = useQuery({ ...connectionsQuery, refetchInterval: again });
  return (
    <Page
      title="Connections"
      description={
        data === undefined || data.length === 0
          ? "The systems behind the gateway."
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
          <EmptyState icon="connections" title="No connections">
            Each connection of the configuration appears here with its health, its operations and its use.
          </EmptyState>
        </Card>
      ) : (
        <List connections={data} />
      )}
      {sees(roles, ["operator", "auditor"]) && <ProbedHosts />}
    </Page>
  );
}

function List({ connections }: { connections: readonly Connection[] }): ReactNode {
  const { open, text, state } = useSearch({ from: "/shell/connections" });
  const navigate = useNavigate({ from: "/connections" });
  const put = (members: { [name in keyof ConnectionsSearch]: ConnectionsSearch[name] | undefined }): void =>
    void navigate({
      replace: true,
      resetScroll: false,
      search: (before) =>
        Object.fromEntries(
          Object.entries({ ...before, ...members }).filter(
            ([, value]) => value !== undefined && value !== "",
          ),
        ),
    });
  const shown = byNeed(
    fittingConnections(connections, {
      ...(text === undefined ? {} : { text }),
      ...(state === undefined ? {} : { state }),
    }),
  );
  return (
    <>
      <FilterBar count={`${shown.length} of ${connections.length} connections`}>
        <TextField
          label="Search"
          quiet
          type="search"
          placeholder="Name, address, operation…"
          maxLength={200}
          value={text ?? ""}
          onChange={({ target }) => put({ text: target.value })}
        />
        <SelectField
          label="Health"
          quiet
          value={state ?? ""}
          onChange={({ target: { value } }) =>
            put({ state: value === "up" || value === "down" || value === "unknown" ? value : undefined })
          }
          options={[
            { value: "", label: "Any health" },
            { value: "down", label: "Down" },
            { value: "unknown", label: "Unknown" },
            { value: "up", label: "Up" },
          ]}
        />
      </FilterBar>
      <Card flush>
        {shown.length === 0 ? (
          <EmptyState
            icon="search"
            title="No matches"
            action={
              <Button onClick={() => put({ text: undefined, state: undefined })}>Show all connections</Button>
            }
          >
            <p>No connection matches your search.</p>
          </EmptyState>
        ) : (
          <ul aria-label="Connections">
            {shown.map((connection) => (
              <Entry
                key={connection.name}
                connection={connection}
                isOpen={connection.name === open}
                toggle={() => put({ open: connection.name === open ? undefined : connection.name })}
              />
            ))}
          </ul>
        )}
      </Card>
    </>
  );
}

function Entry({
  connection,
  isOpen,
  toggle,
}: {
  connection: Connection;
  isOpen: boolean;
  toggle: () => void;
}): ReactNode {
  const roles = useRoles();
  const { name, protocol, address, health, recent, operations } = connection;
  const wrong = wrongWords(connection);
  return (
    <li className={`connections-entry${wrong === undefined ? "" : " connections-down"}`}>
      <div className="connections-head">
        <button type="button" className="connections-toggle" aria-expanded={isOpen} onClick={toggle}>
          <Icon name={isOpen ? "down" : "chevron"} size={14} />
          <span className="connections-name">
            <strong>
              <Untrusted text={name} />
            </strong>
            <span className="muted">
              {protocolName(protocol)}
              {address !== "" && (
                <>
                  {" "}
                  · <Untrusted text={address} />
                </>
              )}
            </span>
          </span>
        </button>
        <span className="connections-health">
          <StateBadge state={health.state} />
          <Health connection={connection} />
        </span>
        <dl className="connections-numbers">
          <Figure name="operations" value={operations.length} />
          <Figure name="grants, 24 h" value={recent.grants} />
          <Figure name="acts, 24 h" value={recent.acts} />
          <Figure name="denied, 24 h" value={recent.denied} />
        </dl>
      </div>
      {wrong !== undefined && (
        <p className="connections-wrong">
          <Untrusted text={wrong} />
        </p>
      )}
      {isOpen && (
        <div className="connections-more">
          <div className="spread">
            <span className="muted">
              {recent.last_used_at === undefined ? (
                "Not used within a year"
              ) : (
                <>
                  Last used <Time at={recent.last_used_at} />
                </>
              )}
            </span>
            {sees(roles, pageRoles["/activity"]) && (
              <LinkButton size="s" to="/activity" search={{ connection: name }} icon="activity">
                Activity
              </LinkButton>
            )}
          </div>
          <Operations connection={connection} />
        </div>
      )}
    </li>
  );
}

function Health({ connection }: { connection: Connection }): ReactNode {
  const { text, stale } = healthWords(connection, useNow());
  return (
    <span className="row muted">
      {text}
      {stale && <Badge tone="warn">outdated</Badge>}
    </span>
  );
}

function Figure({ name, value }: { name: string; value: number }): ReactNode {
  return (
    <div className="connections-figure">
      <dt>{name}</dt>
      <dd className="numeric">{value.toLocaleString()}</dd>
    </div>
  );
}

function Operations({ connection: { name, operations } }: { connection: Connection }): ReactNode {
  if (operations.length === 0)
    return <p className="muted">No operations: there is nothing to ask for here.</p>;
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
