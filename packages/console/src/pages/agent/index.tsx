import "../reach/style.css";
import "./style.css";
import type { Agent } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { Link, useParams, useSearch } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { agentQuery } from "../../api/queries.ts";
import { useRoles } from "../../api/session.ts";
import { Badge, RiskBadge, StateBadge } from "../../components/badge.tsx";
import { LinkButton } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { Page } from "../../components/page.tsx";
import { EmptyState, ErrorState, Skeleton } from "../../components/states.tsx";
import { Facts, Table } from "../../components/table.tsx";
import { Countdown, Time } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { pageRoles, sees } from "../../roles.ts";
import { DenialsLack, DeniedActs } from "../request/background.tsx";
import { RequestLink } from "../request/request-link.tsx";
import { byUse, denialText, statesText, wayWords } from "./words.ts";

function About({ agent }: { agent: Agent }): ReactNode {
  const { requester } = agent;
  const text = (value: string | undefined): ReactNode =>
    value === undefined || value === "" ? undefined : <Untrusted text={value} />;
  return (
    <Card title="Who it is">
      <Facts
        facts={[
          ["Owner", text(requester.owner) ?? <span className="muted">nobody is named</span>],
          ["Acting for", text(requester.person?.subject)],
          ["Groups", text(requester.groups.join(", ")) ?? <span className="muted">none</span>],
          ["Requests", statesText(agent.states)],
          ["Grants", String(agent.granted)],
          ["Denials", denialText(agent)],
          ["Subject", text(requester.subject)],
          ["Client", text(requester.client)],
          ["Issuer", text(requester.issuer)],
        ]}
      />
    </Card>
  );
}

function Reaches({ agent }: { agent: Agent }): ReactNode {
  const reaches = byUse(agent.reaches);
  const unused = reaches.filter(({ granted }) => granted === 0).length;
  return (
    <Card
      title="What it can ask for"
      flush
      actions={unused > 0 && <span className="muted">{`${unused} never used`}</span>}
    >
      {reaches.length === 0 ? (
        <p className="agent-none muted">No policy lets it ask for anything.</p>
      ) : (
        <Table label="What it can ask for, most used first">
          <thead>
            <tr>
              <th scope="col">Operation</th>
              <th scope="col">Takes</th>
              <th scope="col">Granted</th>
              <th scope="col">Last</th>
            </tr>
          </thead>
          <tbody>
            {reaches.map((reached) => {
              const { step, text } = wayWords(reached);
              return (
                <tr key={reached.name}>
                  <td className="wrap">
                    <span className="row">
                      <Link to="/reach" search={{ open: reached.name }}>
                        <Untrusted text={reached.name} />
                      </Link>
                      {reached.risk !== "low" && <RiskBadge risk={reached.risk} />}
                    </span>
                  </td>
                  <td>
                    <span className={`reach-mark reach-mark-${step}`}>{text}</span>
                    {reached.conditions && <span className="muted"> conditional</span>}
                  </td>
                  <td className="numeric">
                    {reached.granted === 0 ? <Badge tone="info">never</Badge> : reached.granted}
                  </td>
                  <td className="muted">
                    {reached.last_granted_at !== undefined && <Time at={reached.last_granted_at} />}
                  </td>
                </tr>
              );
            })}
          </tbody>
        </Table>
      )}
    </Card>
  );
}

function Grants({ grants }: { grants: NonNullable<Agent["grants"]> }): ReactNode {
  return (
    <Card title="Grants" flush>
      {grants.length === 0 ? (
        <p className="agent-none muted">No grants yet.</p>
      ) : (
        <ul>
          {grants.map((grant) => (
            <li key={grant.id} className="agent-item">
              <span className="row">
                <StateBadge state={grant.state} />
                <RequestLink id={grant.request} operations={grant.operations} connection={grant.connection} />
              </span>
              <span className="muted">
                {grant.state === "active" ? (
                  <Countdown until={grant.ends_at} />
                ) : (
                  <Time at={grant.activated_at} />
                )}
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Requests({ requests }: { requests: Agent["requests"] }): ReactNode {
  return (
    <Card title="Requests" flush>
      {requests.length === 0 ? (
        <p className="agent-none muted">None that you may see.</p>
      ) : (
        <ul>
          {requests.map((request) => (
            <li key={request.id} className="agent-item">
              <span className="agent-request">
                <span className="row">
                  <StateBadge state={request.state} />
                  <RequestLink
                    id={request.id}
                    operations={request.operations.map(({ name }) => name)}
                    connection={request.connection}
                  />
                </span>
                <span className="agent-why muted">
                  <Untrusted text={request.reason} />
                </span>
              </span>
              <span className="muted">
                <Time at={request.created_at} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Found({ agent }: { agent: Agent }): ReactNode {
  const roles = useRoles();
  const { requester, denials = [], partial, retired, grants } = agent;
  return (
    <Page
      title={requester.name}
      wide
      heading={<Untrusted text={requester.name} />}
      description={requester.kind === "agent" ? "An agent" : "A person who asks for access"}
      actions={
        sees(roles, pageRoles["/activity"]) && (
          <LinkButton to="/activity" search={{ principal: requester.subject }} icon="activity">
            Activity
          </LinkButton>
        )
      }
    >
      <div className="agent-columns">
        <div className="stack">
          <About agent={agent} />
          <Requests requests={agent.requests} />
        </div>
        <div className="stack">
          <Reaches agent={agent} />
          {(denials.length > 0 || partial !== undefined || retired !== undefined) && (
            <Card title="Denied under its last grants">
              <DenialsLack partial={partial} retired={retired} />
              <ul className="stack-s">
                <DeniedActs denials={denials} />
              </ul>
            </Card>
          )}
          {grants !== undefined && <Grants grants={grants} />}
        </div>
      </div>
    </Page>
  );
}

/** One agent: its owner, what it asked for and got, what was denied, what it can reach and never uses. */
export function AgentPage(): ReactNode {
  const { subject } = useParams({ from: "/shell/agents/$subject" });
  const { issuer, client = subject, kind = "agent" } = useSearch({ from: "/shell/agents/$subject" });
  const isWhole = issuer !== "";
  const { data, error, refetch } = useQuery({
    ...agentQuery({ kind, issuer, subject, client }),
    enabled: isWhole,
  });
  if (data !== undefined) return <Found agent={data} />;
  if (!isWhole)
    return (
      <Page title="Agent">
        <Card>
          <EmptyState icon="search" title="This address is incomplete">
            It says whose page this is, and not which identity provider knows them by that name. Search for{" "}
            <Untrusted text={subject} /> with <strong>Find anything</strong>, or follow the name from another
            page.
          </EmptyState>
        </Card>
      </Page>
    );
  return (
    <Page title="Agent">
      <Card>
        {error === null ? <Skeleton lines={8} /> : <ErrorState error={error} retry={() => void refetch()} />}
      </Card>
    </Page>
  );
}
