import "./style.css";
import type { Background, PastGrant, Request } from "@mayfly/sdk/browser";
import type { ReactNode } from "react";
import { AgentLink } from "../../components/agent-link.tsx";
import { Badge, RiskBadge, StateBadge } from "../../components/badge.tsx";
import { spanText } from "../../components/duration.ts";
import { Facts } from "../../components/table.tsx";
import { Time, TimeLeft } from "../../components/time.tsx";
import { Person } from "../../components/person.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { DenialsLack, DeniedActs, Earlier, useBackground } from "./background.tsx";
import { Scope } from "./scope.tsx";
import { grantedSeconds, highestRisk, ruleText, shadowText, shortOperation } from "./words.ts";

function Section({ title, children }: { title: string; children: ReactNode }): ReactNode {
  return (
    <section className="request-section">
      <h3>{title}</h3>
      {children}
    </section>
  );
}

function Operation({
  operation,
  isFirst,
}: {
  operation: Request["operations"][number];
  isFirst: boolean;
}): ReactNode {
  return (
    <li className="request-operation">
      <div className="spread">
        <strong>
          <Untrusted text={shortOperation(operation.name)} />
        </strong>
        <span className="row">
          {isFirst && <Badge tone="info">first time</Badge>}
          {operation.risk !== undefined && <RiskBadge risk={operation.risk} />}
        </span>
      </div>
      {operation.description !== "" && (
        <p className="muted">
          <Untrusted text={operation.description} />
        </p>
      )}
      <Scope lines={operation.scope} />
    </li>
  );
}

function Past({
  past,
  denials,
}: {
  past: PastGrant;
  denials: NonNullable<Background["denials"]>;
}): ReactNode {
  const acts = past.acts === undefined ? "use not known" : `${past.acts} ${past.acts === 1 ? "act" : "acts"}`;
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
      {denials.length > 0 && (
        <ul className="request-denials" aria-label="Denied under this grant">
          <DeniedActs denials={denials} />
        </ul>
      )}
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
  const { requester, paths_closed_at: closedAt } = request;
  const text = (value: string | undefined): ReactNode =>
    value === undefined || value === "" ? undefined : <Untrusted text={value} />;
  return [
    [requester.kind === "agent" ? "Agent" : "Person", <AgentLink key="who" who={requester} />],
    ["Owner", text(requester.owner)],
    ["Acting for", text(requester.person?.subject)],
    ["Through", text(requester.actors.join(" → "))],
    ["Client", requester.client === requester.name ? undefined : text(requester.client)],
    ["Groups", text(requester.groups.join(", "))],
    ["Sandbox", request.sandbox === undefined ? undefined : "claimed by who asks, not checked"],
    [
      "Direct paths",
      closedAt === undefined ? undefined : (
        <span key="paths">
          probed closed <Time at={closedAt} />
        </span>
      ),
    ],
  ];
}

function HowLong({ request }: { request: Request }): ReactNode {
  const granted = grantedSeconds(request);
  return (
    <Section title="How long">
      <p>
        <strong>{spanText(request.ttl_seconds)}</strong> from the moment it becomes active
        {granted < request.ttl_seconds && `; a reviewer allows ${spanText(granted)}`}.
      </p>
      {request.lease_seconds !== undefined && (
        <p>
          Ends sooner if its task goes silent for <strong>{spanText(request.lease_seconds)}</strong>.
        </p>
      )}
      <p className="muted">
        Asked <Time at={request.created_at} />
        {request.state === "pending" && request.waits_until !== undefined && (
          <>
            {" "}
            · <TimeLeft until={request.waits_until} /> to decide
          </>
        )}
      </p>
    </Section>
  );
}

function WhoDecides({ request }: { request: Request }): ReactNode {
  return (
    <Section title="Who decides">
      {request.approval === undefined ? (
        <p>No approval needed.</p>
      ) : (
        <ul className="request-rule">
          {ruleText(request.approval).map((line) => (
            <li key={line}>
              <Untrusted text={line} />
            </li>
          ))}
        </ul>
      )}
      <p className="muted">
        {request.policies.length === 0 ? (
          "No policy matched."
        ) : (
          <>
            Policy: <Untrusted text={request.policies.join(", ")} />
          </>
        )}
      </p>
      {request.escalated_at !== undefined && (
        <p>
          Escalated <Time at={request.escalated_at} />
        </p>
      )}
      {request.approvals.length > 0 && <Approvals request={request} />}
    </Section>
  );
}

/**
 * All that a decision is bound to, in two columns where there is room: who, why and how long; what exactly. Below, what
 * the same requester did with its last grants, and tried in vain.
 */
export function Sheet({ request }: { request: Request }): ReactNode {
  const background = useBackground(request.id);
  const denials = background?.denials ?? [];
  return (
    <div className="request-sheet">
      <div className="request-columns">
        <div>
          <Section title="Reason">
            <blockquote className="request-quote request-reason">
              <Untrusted text={request.reason} />
            </blockquote>
          </Section>
          <Section title="Risk">
            <div className="row">
              <RiskBadge risk={highestRisk(request.operations)} />
            </div>
            <Earlier background={background} />
          </Section>
          <Section title="Who asks">
            <Facts facts={who(request)} />
          </Section>
          <HowLong request={request} />
          <WhoDecides request={request} />
          {background?.shadow !== undefined && (
            <Section title="If policies in shadow decided">
              <ul className="request-rule muted">
                {shadowText(background.shadow).map((line) => (
                  <li key={line}>
                    <Untrusted text={line} />
                  </li>
                ))}
              </ul>
            </Section>
          )}
        </div>
        <div>
          <Section
            title={
              request.operations.length === 1
                ? "What exactly"
                : `What exactly: ${request.operations.length} operations`
            }
          >
            <ul className="stack-s">
              {request.operations.map((operation) => (
                <Operation
                  key={operation.name}
                  operation={operation}
                  isFirst={background?.first_time.includes(operation.name) === true}
                />
              ))}
            </ul>
          </Section>
          <Section title="Its last grants, when this was asked">
            <DenialsLack partial={background?.partial} retired={background?.retired} />
            {request.history.length === 0 ? (
              <p className="muted">None before this request.</p>
            ) : (
              <ul className="stack-s">
                {request.history.map((past) => (
                  <Past
                    key={past.grant}
                    past={past}
                    denials={denials.filter(({ grant }) => grant === past.grant)}
                  />
                ))}
              </ul>
            )}
          </Section>
        </div>
      </div>
    </div>
  );
}
