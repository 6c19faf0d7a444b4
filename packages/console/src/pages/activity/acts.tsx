import { type ReactNode, useState } from "react";
import { Badge, type Tone } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { ReplayButton } from "../../components/replay-button.tsx";
import { Time } from "../../components/time.tsx";
import { Code, Untrusted } from "../../components/untrusted.tsx";
import { actText } from "./act-words.ts";
import { textIn } from "./read-detail.ts";
import { Notes } from "./sentence.tsx";
import type { StatementTexts } from "./statement-texts.ts";
import type { ActOutcome, TimelineAct } from "./timeline-model.ts";
import { RecordDisclosure } from "./whole-record.tsx";

/** How many acts of a session are drawn at first, and more at a time. */
const first = 20;
const further = 200;

const labels: Readonly<Record<ActOutcome["state"], readonly [Tone, string]>> = {
  done: ["good", "done"],
  failed: ["warn", "failed"],
  denied: ["bad", "denied"],
  unknown: ["info", "unknown"],
};

function Outcome({ outcome }: { outcome: ActOutcome }): ReactNode {
  switch (outcome.state) {
    case "done":
    case "failed":
      return <Untrusted text={outcome.text} />;
    case "denied":
      return "nothing was sent";
    case "unknown":
      return outcome.open
        ? "no outcome is recorded yet: it may still run"
        : "no outcome is recorded: it may have happened or not";
  }
}

function Act({ act, texts }: { act: TimelineAct; texts: StatementTexts }): ReactNode {
  const { record, outcome } = act;
  const { code, notes } = actText(record.detail, (digest) => texts.get(digest));
  const [tone, label] = labels[outcome.state];
  const message = outcome.state === "denied" ? textIn(record.detail["message"]) : undefined;
  return (
    <li className="activity-act">
      <div className="activity-act-head">
        <Badge tone={tone}>{label}</Badge>
        <span className="muted">
          <Outcome outcome={outcome} />
        </span>
        <span className="activity-act-time muted">
          <Time at={record.time} as="clock" />
        </span>
      </div>
      {code !== undefined && <Code text={code} />}
      <Notes notes={message === undefined ? notes : [...notes, message]} />
      {(outcome.state === "done" || outcome.state === "failed") && <ReplayButton outcome={outcome.record} />}
      <div className="activity-disclosures">
        <RecordDisclosure record={record} />
        {(outcome.state === "done" || outcome.state === "failed") && (
          <RecordDisclosure record={outcome.record} label="Outcome" />
        )}
      </div>
    </li>
  );
}

/** The acts of one session, in order; a long session is opened bit by bit. */
export function Acts({ acts, texts }: { acts: readonly TimelineAct[]; texts: StatementTexts }): ReactNode {
  const [shown, setShown] = useState(first);
  if (acts.length === 0) return <p>Nothing was done in it.</p>;
  const left = acts.length - shown;
  return (
    <>
      <ol className="activity-acts">
        {acts.slice(0, shown).map((act) => (
          <Act key={act.record.seq} act={act} texts={texts} />
        ))}
      </ol>
      {left > 0 && (
        <Button size="s" icon="down" onClick={() => setShown(shown + further)}>
          {left > further ? `Show ${further} more of ${left} acts` : `Show ${left} more acts`}
        </Button>
      )}
    </>
  );
}
