import "./style.css";
import type { PastGrant, Request } from "@mayfly/sdk/browser";
import type { ReactNode } from "react";
import { RiskBadge, StateBadge } from "../../components/badge.tsx";
import { spanText } from "../../components/duration.ts";
import { Banner } from "../../components/page.tsx";
import { Facts } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { Person } from "../../components/person.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { grantedSeconds, ruleText, shortOperation } from "./words.ts";

function Section({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <section className="request-section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Operation({ operation }: { operation: Request["operations"][number] }): ReactNode {
  return (
    <li className="request-operation">
      <div className="spread">
        <strong>
          <Untrusted text={shortOperation(operation.name)} />
        </strong>
        {operation.risk !== undefined && <RiskBadge risk={operation.risk} />}
      </div>
      {operation.description !== "" && (
        <p className="muted">
          <Untrusted text={operation.description} />
        </p>
      )}
      <ul className="request-scope">
        {operation.scope.map((line) => (
          <li key={line}>
            <Untrusted text={line} />
          </li>
        ))}
      </ul>
    </li>
  );
}

function Past({ past }: { past: PastGrant }): ReactNode {
  const acts =
    past.acts === undefined ? "acts not known" : `${past.acts} ${past.acts === 1 ? "act" : "acts"}`;
  return (
    <li className="request-past">
      <span className="spread">
        <span>
          <Untrusted text={past.operations.map(shortOperation).join(", ")} />{" "}
          <span className="muted">
            on <Untrusted text={past.connection} />
          </span>
        </span>
        <StateBadge state={past.state} />
      </span>
      <span className="muted numeric">
        <Time at={past.activated_at} /> · {acts}
        {past.denied !== undefined && past.denied > 0 && (
          <span className="request-denied"> · {past.denied} denied</span>
        )}
        {past.end_reason !== undefined && (
          <>
            {" "}
            · <Untrusted text={past.end_reason} />
          </>
        )}
      </span>
    </li>
  );
}

function Approvals({ request }: { request: Request }): ReactNode {
  return (
    <ul className="stack-s">
      {request.approvals.map((approval) => (
        <li key={approval.id}>
          <span className="row">
            <StateBadge state={approval.decision === "approve" ? "approved" : "refused"} />
            <Person login={approval.reviewer.name} shown={approval.reviewer.display_name} />
            <span className="muted">
              <Time at={approval.at} />
            </span>
          </span>
          {approval.allowed !== undefined && (
            <p className="muted">
              Allowed less: <Untrusted text={approval.allowed.operations.map(shortOperation).join(", ")} />{" "}
              for {spanText(approval.allowed.ttl_seconds)}.
            </p>
          )}
          {approval.comment !== "" && (
            <blockquote className="request-quote">
              <Untrusted text={approval.comment} />
            </blockquote>
          )}
        </li>
      ))}
    </ul>
  );
}

function who(request: Request): readonly (readonly [string, ReactNode])[] {
  const { requester } = request;
  const text = (value: string | undefined): ReactNode =>
    value === undefined || value === "" ? undefined : <Untrusted text={value} />;
  return [
    [requester.kind === "agent" ? "Agent" : "Person", text(requester.name)],
    ["Owner", text(requester.owner)],
    ["Acts for", text(requester.person?.subject)],
    ["Through", text(requester.actors.join(" → "))],
    ["Client", text(requester.client)],
    ["Groups", text(requester.groups.join(", "))],
  ];
}

/**
 * All that a decision is bound to, most telling first: why, what exactly, for how long, who, by which policy, and what
 * the same requester did with its last grants.
 */
export function Sheet({ request }: { request: Request }): ReactNode {
  const granted = grantedSeconds(request);
  return (
    <div className="request-sheet">
      {request.break_glass && (
        <Banner tone="bad">
          <strong>Break-glass.</strong> Asked as an emergency: nobody approved it, and everybody was told.
        </Banner>
      )}
      <Section title="Reason">
        <blockquote className="request-quote request-reason">
          <Untrusted text={request.reason} />
        </blockquote>
      </Section>
      <Section
        title={
          request.operations.length === 1
            ? "What exactly"
            : `What exactly: ${request.operations.length} operations`
        }
      >
        <ul className="stack-s">
          {request.operations.map((operation) => (
            <Operation key={operation.name} operation={operation} />
          ))}
        </ul>
      </Section>
      <Section title="How long">
        <p>
          <strong>{spanText(request.ttl_seconds)}</strong> from the moment it becomes active
          {granted < request.ttl_seconds && `; a reviewer allows ${spanText(granted)}`}.
        </p>
      </Section>
      <Section title="Who asks">
        <Facts facts={who(request)} />
      </Section>
      <Section title="Who decides">
        <p className="muted">
          {request.policies.length === 0 ? (
            "No policy matched."
          ) : (
            <>
              Policy: <Untrusted text={request.policies.join(", ")} />
            </>
          )}
        </p>
        {request.approval === undefined ? (
          <p>Nobody has to approve it.</p>
        ) : (
          <ul className="request-rule">
            {ruleText(request.approval).map((line) => (
              <li key={line}>
                <Untrusted text={line} />
              </li>
            ))}
          </ul>
        )}
        {request.escalated_at !== undefined && (
          <p className="row">
            <span>
              Escalated <Time at={request.escalated_at} />
            </span>
          </p>
        )}
        {request.approvals.length > 0 && <Approvals request={request} />}
      </Section>
      <Section title="Its last grants, when this was asked">
        {request.history.length === 0 ? (
          <p className="muted">None: this requester had no grant before.</p>
        ) : (
          <ul className="stack-s">
            {request.history.map((past) => (
              <Past key={past.grant} past={past} />
            ))}
          </ul>
        )}
      </Section>
    </div>
  );
}
