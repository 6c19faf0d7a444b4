import type { ReactNode } from "react";
import { agoText, countdownText, leftText } from "./duration.ts";
import { useNow } from "./use-now.ts";

const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "long" });
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });

/**
 * A moment (RFC 3339). `ago`: how long ago, for lists; `clock`: the time of day, for timelines; `exact`: all of it.
 * The exact time is always in the title.
 */
export function Time({ at, as = "ago" }: { at: string; as?: "ago" | "clock" | "exact" }): ReactNode {
  const date = new Date(at);
  const title = exact.format(date);
  return (
    <time dateTime={at} title={title} className="numeric">
      {as === "ago" ? <Ago at={date.getTime()} /> : as === "clock" ? clock.format(date) : title}
    </time>
  );
}

function Ago({ at }: { at: number }): ReactNode {
  return agoText(at, useNow());
}

/** What is left until a moment (RFC 3339), counting. Turns urgent in its last minute. */
export function Countdown({ until, over = "over" }: { until: string; over?: string }): ReactNode {
  const left = new Date(until).getTime() - useNow();
  return (
    <span
      className={`countdown numeric${left < 60_000 ? " countdown-soon" : ""}`}
      role="timer"
      title={exact.format(new Date(until))}
    >
      {left <= 0 ? over : countdownText(left)}
    </span>
  );
}

/** How long something waits yet, in words. Turns urgent in its last minute. */
export function TimeLeft({ until }: { until: string }): ReactNode {
  const left = new Date(until).getTime() - useNow();
  return (
    <span
      className={`time-left numeric${left < 60_000 ? " time-left-soon" : ""}`}
      role="timer"
      title={exact.format(new Date(until))}
    >
      {leftText(left)}
    </span>
  );
}
