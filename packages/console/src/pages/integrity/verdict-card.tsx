import type { ReactNode } from "react";
import { Icon } from "../../components/icons.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import type { Verdict } from "./verdict.ts";

const tones = { trusted: "good", "first use": "warn", alarm: "bad" } as const;

/** What was proven, what was not, and above all what is wrong. */
export function VerdictCard({ verdict }: { verdict: Verdict }): ReactNode {
  const { state, title, alarms, proven, unproven } = verdict;
  return (
    <section
      className={`integrity-verdict integrity-${tones[state]}`}
      aria-labelledby="integrity-title"
      {...(state === "alarm" ? { role: "alert" } : {})}
    >
      <div className="integrity-head">
        <Icon name={state === "alarm" ? "warning" : "integrity"} size={28} />
        <h2 id="integrity-title">{title}</h2>
      </div>
      {alarms.length > 0 && (
        <>
          <Lines lines={alarms} className="integrity-alarms" />
          <p className="integrity-what-now">
            Keep what you see. Copy the log's folder and run <code>{command}</code> over it with the key you
            trust, then tell whoever answers for this gateway. What was remembered in this browser stays as it
            was.
          </p>
        </>
      )}
      <div className="integrity-columns">
        {proven.length > 0 && (
          <div className="stack-s">
            <h3>Proven in this browser, just now</h3>
            <Lines lines={proven} className="integrity-proven" />
          </div>
        )}
        <div className="stack-s">
          <h3>Not proven</h3>
          <Lines lines={unproven} className="integrity-unproven" />
        </div>
      </div>
    </section>
  );
}

const command = "mayfly audit verify";

/** A line of the verdict: it may hold names from the log, and names our command. */
function Line({ text }: { text: string }): ReactNode {
  const at = text.indexOf(command);
  if (at < 0) return <Untrusted text={text} />;
  return (
    <>
      <Untrusted text={text.slice(0, at)} />
      <code>{command}</code>
      <Untrusted text={text.slice(at + command.length)} />
    </>
  );
}

function Lines({ lines, className }: { lines: readonly string[]; className: string }): ReactNode {
  return (
    <ul className={`integrity-lines ${className}`}>
      {lines.map((line) => (
        <li key={line}>
          <Line text={line} />
        </li>
      ))}
    </ul>
  );
}
