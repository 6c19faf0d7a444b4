import type { ReachOperation, ReachRule } from "@mayfly/sdk/browser";
import type { ReactNode } from "react";
import { useRoles } from "../../api/session.ts";
import { Badge, BreakGlassBadge, RiskBadge } from "../../components/badge.tsx";
import { LinkButton } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { spanText } from "../../components/duration.ts";
import { Time } from "../../components/time.tsx";
import { Code, Untrusted } from "../../components/untrusted.tsx";
import { pageRoles, sees } from "../../roles.ts";
import { approvalWords } from "./approval-words.ts";

/** One operation, whole: its exact scope, and every rule that concerns it. */
export function OperationDialog({
  operation,
  close,
}: {
  operation: ReachOperation;
  close: () => void;
}): ReactNode {
  const roles = useRoles();
  const name = `${operation.connection}/${operation.operation}`;
  const { rules, shadow_rules, last_used_at } = operation;
  return (
    <Dialog
      open
      wide
      onClose={close}
      title={<Untrusted text={name} />}
      description={<Untrusted text={operation.description} />}
      actions={
        sees(roles, pageRoles["/activity"]) && (
          <LinkButton to="/activity" search={{ operation: name }} icon="activity">
            Its use in Activity
          </LinkButton>
        )
      }
    >
      <div className="row">
        <RiskBadge risk={operation.risk} />
        <span className="muted">
          {last_used_at === undefined ? (
            "Not used within a year"
          ) : (
            <>
              Last used <Time at={last_used_at} as="exact" />
            </>
          )}
        </span>
      </div>
      <section className="stack-s" aria-label="Scope">
        <h3>What it covers, exactly</h3>
        <ul className="reach-scope">
          {operation.scope.map((line) => (
            <li key={line}>
              <Untrusted text={line} />
            </li>
          ))}
        </ul>
      </section>
      <section className="stack-s" aria-label="Policies">
        <h3>Who can ask for it</h3>
        {rules.length === 0 ? (
          <p className="muted">No group: no policy permits it, so it is denied.</p>
        ) : (
          <ul className="stack-s">
            {rules.map((rule) => (
              <Rule key={`${rule.group} ${rule.policy}`} rule={rule} />
            ))}
          </ul>
        )}
      </section>
      {shadow_rules !== undefined && (
        <section className="stack-s" aria-label="Policies in shadow">
          <h3>In shadow: these decide nothing</h3>
          <ul className="stack-s">
            {shadow_rules.map((rule) => (
              <Rule key={`${rule.group} ${rule.policy}`} rule={rule} />
            ))}
          </ul>
        </section>
      )}
    </Dialog>
  );
}

function Rule({ rule }: { rule: ReachRule }): ReactNode {
  const { group, person_groups: ofPerson, policy, effect, when, approval, break_glass } = rule;
  const { lease_max_seconds: lease, closed_paths_within_seconds: closedPaths, sandbox } = rule;
  return (
    <li className="reach-rule">
      <div className="spread">
        <strong>
          <Untrusted text={group} />
        </strong>
        <span className="row">
          {break_glass && <BreakGlassBadge />}
          {effect === "forbid" ? (
            <Badge tone="bad">forbidden</Badge>
          ) : (
            <Badge tone={approval === undefined ? "warn" : "good"}>
              {approval === undefined ? "without approval" : "with approval"}
            </Badge>
          )}
        </span>
      </div>
      <ul className="muted">
        <li>
          policy “<Untrusted text={policy} />”
        </li>
        {ofPerson !== undefined && (
          <li>
            acting for a person in <Untrusted text={ofPerson.join(", ")} />
          </li>
        )}
        {effect === "permit" && <li>{timeWords(rule)}</li>}
        {lease !== undefined && (
          <li>ends sooner if its task goes silent: requires a lease of at most {spanText(lease)}</li>
        )}
        {closedPaths !== undefined && (
          <li>from a host with its direct paths probed closed within {spanText(closedPaths)}</li>
        )}
        {sandbox !== undefined && <li>for a command in a sandbox, as what starts it says</li>}
        {approval !== undefined &&
          approvalWords(approval).map((line) => (
            <li key={line}>
              <Untrusted text={line} />
            </li>
          ))}
      </ul>
      {when !== undefined && (
        <>
          <p className="muted">{effect === "forbid" ? "forbidden when" : "only when"}</p>
          <Code text={when} />
        </>
      )}
    </li>
  );
}

function timeWords({ ttl_default_seconds: usual, ttl_max_seconds: most }: ReachRule): string {
  if (most === undefined) return "for the time that the policy sets";
  const longest = `for at most ${spanText(most)}`;
  return usual === undefined || usual === most
    ? longest
    : `for ${spanText(usual)}, ${longest.slice(4)} when asked for`;
}
