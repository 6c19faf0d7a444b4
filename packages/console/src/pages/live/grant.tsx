import type { LiveSession } from "@mayfly/sdk/browser";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Countdown, Time } from "../../components/time.tsx";
import { Code, Untrusted } from "../../components/untrusted.tsx";
import { useNow } from "../../components/use-now.ts";
import { shortOperation } from "../request/words.ts";
import { type LiveGrant, spent } from "./model.ts";

function Session({ session }: { session: LiveSession }): ReactNode {
  const { now } = session;
  return (
    <li className="live-session">
      <div className="spread">
        <span className="row">
          <Badge tone={now?.state === "running" ? "good" : "neutral"}>
            {now === undefined ? "connected" : now.state}
          </Badge>
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
      {now === undefined ? (
        <p className="muted">Nothing done yet.</p>
      ) : (
        <div className="live-now">
          <Code text={now.text} />
          <span className="muted">
            {now.state === "running" ? "running since" : "done"} <Time at={now.since} />
          </span>
        </div>
      )}
    </li>
  );
}

function Spent({ entry }: { entry: LiveGrant }): ReactNode {
  const part = spent(entry.grant, useNow());
  return (
    <span className="live-bar" aria-hidden="true">
      <span className={part > 0.85 ? "live-bar-soon" : ""} style={{ inlineSize: `${(1 - part) * 100}%` }} />
    </span>
  );
}

/** One grant in force: what it allows, until when, and what its sessions do now. */
export function GrantEntry({ entry, onRevoke }: { entry: LiveGrant; onRevoke?: () => void }): ReactNode {
  const { grant, sessions } = entry;
  return (
    <li className="live-grant">
      <div className="live-grant-head">
        <div className="live-grant-what">
          <Link to="/requests/$id" params={{ id: grant.request }}>
            <strong>
              <Untrusted text={grant.operations.map(shortOperation).join(", ")} />
            </strong>{" "}
            on <Untrusted text={grant.connection} />
          </Link>
          <span className="muted">
            since <Time at={grant.activated_at} as="clock" />
          </span>
        </div>
        <span className="row">
          <span className="live-left">
            <Countdown until={grant.ends_at} /> left
          </span>
          {onRevoke !== undefined && (
            <Button size="s" variant="danger-quiet" onClick={onRevoke}>
              Revoke
            </Button>
          )}
        </span>
      </div>
      <Spent entry={entry} />
      {sessions.length === 0 ? (
        <p className="muted">No session: nobody is connected with it.</p>
      ) : (
        <ul className="stack-s">
          {sessions.map((session) => (
            <Session key={session.id} session={session} />
          ))}
        </ul>
      )}
    </li>
  );
}
