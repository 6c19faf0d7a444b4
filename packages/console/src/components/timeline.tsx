import type { ReactNode } from "react";
import type { Tone } from "./badge.tsx";
import { Time } from "./time.tsx";

/** What happened, in order. Its children are `TimelineItem`s. */
export function Timeline({ label, children }: { label: string; children: ReactNode }): ReactNode {
  return (
    <ol className="timeline" aria-label={label}>
      {children}
    </ol>
  );
}

/** One thing that happened. */
export function TimelineItem({
  at,
  tone = "neutral",
  title,
  children,
}: {
  at: string;
  tone?: Tone;
  title: ReactNode;
  children?: ReactNode;
}): ReactNode {
  return (
    <li className={`timeline-item timeline-${tone}`}>
      <span className="timeline-dot" aria-hidden="true" />
      <div className="timeline-head">
        <span className="timeline-title">{title}</span>
        <span className="timeline-time">
          <Time at={at} as="clock" />
        </span>
      </div>
      {children !== undefined && <div className="timeline-body">{children}</div>}
    </li>
  );
}
