import type { LiveSession } from "@mayfly/sdk/browser";
import { Link } from "@tanstack/react-router";
import { memo, type ReactNode, useState } from "react";
import { AgentLink } from "../../components/agent-link.tsx";
import { Badge, BreakGlassBadge, RiskBadge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Icon } from "../../components/icons.tsx";
import { Countdown, Time } from "../../components/time.tsx";
import { Code, Untrusted } from "../../components/untrusted.tsx";
import { shortOperation } from "../request/words.ts";
import { isRunning, type LiveGrant } from "./model.ts";

function Session({ session }: { session: LiveSession }): ReactNode {
  const { now } = session;
  return (
    <li className="live-session">
      <div className="spread">
        <span className="row">
          <Badge tone={now?.state === "running" ? "good" : "neutral"}>{now?.state ?? "connected"}</Badge>
          <span>
            {session.protocol}
            {session.software !== undefined && (
              <span className="muted">
                {" "}
                · <Untrusted text={session.software} />
              </span>
            )}
          </span>
        </span>
        <span className="muted numeric live-session-facts">
          {session.acts} {session.acts === 1 ? "act" : "acts"}
          {session.denied > 0 && <span className="live-denied"> · {session.denied} denied</span>} · from{" "}
          {session.address} · since <Time at={session.opened_at} as="clock" />
        </span>
      </div>
      {now === undefined ? <p className="muted">Nothing done yet.</p> : <Code text={now.text} />}
    </li>
  );
}

/** The session that says most of what a grant does: one that runs something, else the newest. */
function telling(sessions: readonly LiveSession[]): LiveSession | undefined {
  return sessions.find(({ now }) => now?.state === "running") ?? sessions.at(-1);
}

function Now({ entry }: { entry: LiveGrant }): ReactNode {
  const session = telling(entry.sessions);
  if (session === undefined) return <span className="muted">Not in use</span>;
  const { now } = session;
  const others = entry.sessions.length - 1;
  return (
    <>
      <span className="row live-now-head">
        <Badge tone={now?.state === "running" ? "good" : "neutral"}>{now?.state ?? "connected"}</Badge>
        <span className="muted">
          <Time at={now?.since ?? session.opened_at} />
          {others > 0 && ` · ${others} more ${others === 1 ? "session" : "sessions"}`}
        </span>
      </span>
      {now !== undefined && (
        <code className="live-text">
          <Untrusted text={now.text.slice(0, 300)} />
        </code>
      )}
    </>
  );
}

/** One grant in force: who, what, what it does now and how long it still may. */
export const GrantRow = memo(function GrantRow({
  entry,
  onRevoke,
}: {
  entry: LiveGrant;
  onRevoke: ((entry: LiveGrant) => void) | undefined;
}): ReactNode {
  const { grant, risk, sessions } = entry;
  const [open, setOpen] = useState(false);
  const operations = grant.operations.map(shortOperation).join(", ");
  const state = entry.break_glass ? " live-row-emergency" : isRunning(entry) ? " live-row-running" : "";
  return (
    <li className={`live-row${state}`}>
      <span className="live-cell live-who">
        <Icon name={grant.requester.kind === "agent" ? "agent" : "person"} />
        <span className="live-stack">
          <strong>
            <AgentLink who={grant.requester} />
          </strong>
          {grant.requester.person !== undefined && (
            <span className="muted">
              for <Untrusted text={grant.requester.person.subject} />
            </span>
          )}
        </span>
      </span>
      <span className="live-cell live-stack">
        <Link to="/requests/$id" params={{ id: grant.request }}>
          <Untrusted text={operations} />
        </Link>
        <span className="row">
          <span className="muted">
            <Untrusted text={grant.connection} />
          </span>
          {entry.break_glass && <BreakGlassBadge />}
          {risk !== "low" && !entry.break_glass && <RiskBadge risk={risk} />}
        </span>
        {entry.emergency_reason !== undefined && (
          <span className="live-emergency">
            “<Untrusted text={entry.emergency_reason} />”
          </span>
        )}
      </span>
      <span className="live-cell live-now">
        <Now entry={entry} />
      </span>
      <span className="live-cell live-left">
        <Countdown until={grant.ends_at} /> left
        {grant.lease_seconds !== undefined && <span className="muted">, or with its task</span>}
      </span>
      <span className="live-cell live-actions">
        {sessions.length > 0 && (
          <Button
            size="s"
            variant="ghost"
            icon="down"
            className="button-icon"
            aria-expanded={open}
            aria-label={`Sessions of ${operations}`}
            onClick={() => setOpen(!open)}
          />
        )}
        {onRevoke !== undefined && (
          <Button size="s" variant="danger-quiet" onClick={() => onRevoke(entry)}>
            Revoke
          </Button>
        )}
      </span>
      {open && (
        <ul className="live-sessions stack-s">
          {sessions.map((session) => (
            <Session key={session.id} session={session} />
          ))}
        </ul>
      )}
    </li>
  );
});
