import type { AuditRecord } from "@mayfly/sdk/browser";
import { type ReactNode, useState } from "react";
import { Icon } from "../../components/icons.tsx";
import { Badge } from "../../components/badge.tsx";
import { Button } from "../../components/button.tsx";
import { Card } from "../../components/card.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { EmptyState, ErrorState } from "../../components/states.tsx";
import { Time } from "../../components/time.tsx";
import { Code } from "../../components/untrusted.tsx";
import { isRecordShaped } from "../activity/record-shape.ts";
import { Sentence } from "../activity/sentence.tsx";
import { wordsOf } from "../activity/words.ts";
import type { CheckedEntry } from "./prove.ts";
import type { Integrity } from "./use-integrity.ts";

/** The newest records, each with what became of its proof. */
export function Entries({ integrity }: { integrity: Integrity }): ReactNode {
  const { entries, notes, problems, older, loadOlder, error, look } = integrity;
  const altered = entries.filter(({ state }) => state === "altered").length;
  return (
    <Card
      flush
      title="Records, each with its inclusion proof"
      actions={
        <span className="muted numeric">
          {entries.length - altered} proven
          {altered > 0 && <strong className="integrity-count-bad">, {altered} altered</strong>}
        </span>
      }
      {...(altered > 0 || problems.length > 0 ? { tone: "bad" as const } : {})}
    >
      {problems.map((problem) => (
        <p key={problem} role="alert" className="integrity-problem">
          {problem}
        </p>
      ))}
      {entries.length === 0 ? (
        <EmptyState
          icon="integrity"
          title={look?.checked.state === "unsigned" ? "No record is proven" : "The log is empty"}
        >
          {look?.checked.state === "unsigned"
            ? "Without a checkpoint that verifies, no record can be proven."
            : "Records appear here as soon as a checkpoint covers them."}
        </EmptyState>
      ) : (
        <ol aria-label="Records, newest first">
          {entries.map((entry) => (
            <Entry key={entry.seq} entry={entry} />
          ))}
        </ol>
      )}
      {notes.map((words) => (
        <p className="muted" key={words}>
          {words}
        </p>
      ))}
      {older !== "none" && (
        <div className="integrity-older">
          {error !== null && <ErrorState error={error} />}
          <Button busy={older === "loading"} onClick={loadOlder}>
            Prove 50 older records
          </Button>
        </div>
      )}
    </Card>
  );
}

function Entry({ entry }: { entry: CheckedEntry }): ReactNode {
  const [open, setOpen] = useState(false);
  if (entry.state === "altered") {
    return (
      <li className="integrity-entry integrity-altered">
        <div className="row">
          <Icon name="warning" />
          <strong className="numeric">Record {entry.seq} is altered:</strong>
          <span>{entry.why}</span>
        </div>
        <Code text={entry.line} />
      </li>
    );
  }
  const { record } = entry;
  return (
    <li className="integrity-entry">
      <details onToggle={(event) => setOpen(event.currentTarget.open)}>
        <summary className="integrity-entry-head">
          <Badge tone="good">proven</Badge>
          <span className="muted numeric">#{entry.seq}</span>
          {isRecordShaped(record) ? (
            <Told record={record} />
          ) : (
            <span>a line that is no record of Mayfly's</span>
          )}
        </summary>
        {open && (
          <div className="integrity-line">
            <Code text={entry.line} />
            <CopyButton text={entry.line} label={`Copy the line of record ${entry.seq}`} />
          </div>
        )}
      </details>
    </li>
  );
}

function Told({ record }: { record: AuditRecord }): ReactNode {
  return (
    <>
      <span className="integrity-sentence">
        <Sentence record={record} words={wordsOf(record)} />
      </span>
      <span className="muted integrity-when">
        <Time at={record.time} />
      </span>
    </>
  );
}
