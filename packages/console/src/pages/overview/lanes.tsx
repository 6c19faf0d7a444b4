import type { Live } from "@mayfly/sdk/browser";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { AgentLink } from "../../components/agent-link.tsx";
import { Countdown } from "../../components/time.tsx";
import { useNow } from "../../components/use-now.ts";
import { visibleText } from "../../components/visible.ts";
import { shortOperation } from "../request/words.ts";
import { hourMarks, lanesOf, placeOf, type Span, windowOf } from "./model.ts";

const MAX_LANES = 20;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const percent = (part: number): string => `${(part * 100).toFixed(2)}%`;

/** Those that end last stand behind: each deadline is seen. What is loud stands before the rest of its end. */
const drawn = (spans: readonly Span[]): readonly Span[] => spans.toReversed();

function Bar({ span: { entry, from, to, kind } }: { span: Span }): ReactNode {
  const { grant } = entry;
  const what = `${grant.operations.map(shortOperation).join(", ")} on ${grant.connection}`;
  return (
    <span
      className={`overview-span overview-span-${kind}`}
      style={{ left: percent(from), width: percent(Math.max(to - from, 0.004)) }}
      title={`${visibleText(what)}, until ${clock.format(new Date(grant.ends_at))}`}
    />
  );
}

/** Who holds what until when: a line an agent. */
export function Lanes({ live }: { live: Live }): ReactNode {
  const now = Math.floor(useNow() / 30_000) * 30_000;
  const line = windowOf(live, now);
  const lanes = lanesOf(live, line);
  const left = lanes.length - MAX_LANES;
  return (
    <div className="overview-lanes">
      <div className="overview-lane overview-axis" aria-hidden="true">
        <span />
        <span className="overview-line">
          {hourMarks(line).map((at) => (
            <span key={at} className="overview-mark" style={{ left: percent(placeOf(at, line)) }}>
              {clock.format(new Date(at))}
            </span>
          ))}
        </span>
        <span>next end</span>
      </div>
      <ul>
        {lanes.slice(0, MAX_LANES).map((lane) => (
          <li key={lane.key} className="overview-lane">
            <span className="overview-name">
              {lane.holder !== undefined && <AgentLink who={lane.holder} />}{" "}
              <Link to="/live" search={{ text: lane.name }} className="muted">
                {lane.spans.length} {lane.spans.length === 1 ? "grant" : "grants"}
              </Link>
            </span>
            <span className="overview-line" aria-hidden="true">
              {drawn(lane.spans).map((span) => (
                <Bar key={span.entry.grant.id} span={span} />
              ))}
              <span className="overview-now" style={{ left: percent(placeOf(now, line)) }} />
            </span>
            <span className="overview-end">
              <Countdown until={lane.nextEnd} />
            </span>
          </li>
        ))}
      </ul>
      {left > 0 && (
        <Link to="/live" search={{ sort: "agent", unused: true }}>
          Show {left} more {left === 1 ? "agent" : "agents"}
        </Link>
      )}
    </div>
  );
}
