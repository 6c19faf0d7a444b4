import { placeOf } from "./place.ts";
import "./timeline.css";
import type { AuditRecord } from "@mayfly/sdk/browser";
import type { ReactNode } from "react";
import { Timeline as Line, TimelineItem } from "../../components/timeline.tsx";
import { Acts } from "./acts.tsx";
import { policyWordsOf } from "./policy-words.ts";
import { Notes, Parts, Quote, Sentence } from "./sentence.tsx";
import type { StatementTexts } from "./statement-texts.ts";
import { countActs, timelineOf, type TimelineSession, type TimelineStep } from "./timeline-model.ts";
import { useStatementTexts } from "./use-statement-texts.ts";
import { RecordDisclosure } from "./whole-record.tsx";
import { wordsOf } from "./words.ts";

/**
 * A request's whole story on one line: the ask, what the policy said, approvals, the grant, its sessions with every
 * act and what came of it, and the end.
 * @param records of one request, in any order
 * @param partial whether older records of the request are not among them
 */
export function Timeline({
  records,
  partial = false,
}: {
  records: readonly AuditRecord[];
  partial?: boolean;
}): ReactNode {
  const texts = useStatementTexts(records);
  const steps = timelineOf(records);
  return (
    <div className="stack">
      <Summary steps={steps} partial={partial} />
      <Line label="What happened, oldest first">
        {steps.map((step) => (
          <Step key={keyOf(step)} step={step} texts={texts} />
        ))}
      </Line>
    </div>
  );
}

function keyOf(step: TimelineStep): string {
  return step.kind === "session" ? step.id : `${step.kind} ${placeOf(step.record)}`;
}

function Summary({ steps, partial }: { steps: readonly TimelineStep[]; partial: boolean }): ReactNode {
  const { done, failed, denied, unknown } = countActs(steps);
  const sum = done + failed + denied + unknown;
  if (sum === 0 && !partial) return null;
  const parts = [
    `${done} done`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(denied === 0 ? [] : [`${denied} denied`]),
    ...(unknown === 0 ? [] : [`${unknown} unknown`]),
  ];
  return (
    <p className="muted">
      {sum} {sum === 1 ? "act" : "acts"}: {parts.join(", ")}.
      {partial && " Older records of this request are not shown here; Activity has them all."}
    </p>
  );
}

function Step({ step, texts }: { step: TimelineStep; texts: StatementTexts }): ReactNode {
  if (step.kind === "session") return <SessionStep session={step} texts={texts} />;
  const { record } = step;
  if (step.kind === "policy") {
    const { parts, notes } = policyWordsOf(record);
    return (
      <TimelineItem
        at={record.time}
        title={
          <span className="activity-title">
            <Parts parts={parts} />
          </span>
        }
      >
        <Notes notes={notes} />
      </TimelineItem>
    );
  }
  const words = wordsOf(record);
  return (
    <TimelineItem
      at={record.time}
      tone={words.tone}
      title={
        <span className="activity-title">
          <Sentence record={record} words={words} />
        </span>
      }
    >
      {words.quote !== undefined && <Quote text={words.quote} />}
      <Notes notes={words.notes} />
      <RecordDisclosure record={record} />
    </TimelineItem>
  );
}

function SessionStep({ session, texts }: { session: TimelineSession; texts: StatementTexts }): ReactNode {
  const { opened, closed, first, acts } = session;
  const words = opened === undefined ? undefined : wordsOf(opened);
  return (
    <TimelineItem
      at={first.time}
      tone="accent"
      title={
        words === undefined || opened === undefined ? (
          "A session, from its middle on"
        ) : (
          <span className="activity-title">
            <Sentence record={opened} words={words} />
          </span>
        )
      }
    >
      {words !== undefined && <Notes notes={words.notes} />}
      {opened !== undefined && <RecordDisclosure record={opened} />}
      <Acts acts={acts} texts={texts} />
      {closed === undefined ? (
        <p>The session is open, or how it ended is not recorded.</p>
      ) : (
        <SessionEnd record={closed} />
      )}
    </TimelineItem>
  );
}

function SessionEnd({ record }: { record: AuditRecord }): ReactNode {
  const words = wordsOf(record);
  return (
    <div className="activity-session-end">
      <p>
        <Sentence record={record} words={words} />
      </p>
      <Notes notes={words.notes} />
      <RecordDisclosure record={record} />
    </div>
  );
}
