import type { AuditRecord } from "@mayfly/sdk/browser";
import { type ReactNode, useState } from "react";
import { CopyButton } from "../../components/copy-button.tsx";
import { Code } from "../../components/untrusted.tsx";
import { canonicalJson } from "./canonical.ts";

/** A record's whole canonical JSON, indented for reading; copying gives it on one line. Of an act the log's own line says less: see docs/audit.md. */
export function WholeRecord({ record }: { record: AuditRecord }): ReactNode {
  return (
    <div className="activity-json">
      <div className="spread">
        <span className="muted">Canonical JSON, indented to read</span>
        <CopyButton text={canonicalJson(record)} label={`Copy record ${record.seq} as JSON`} />
      </div>
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls must be reachable by keyboard */}
      <section className="activity-json-text" tabIndex={0} aria-label={`Record ${record.seq} as JSON`}>
        <Code text={canonicalJson(record, 2)} />
      </section>
    </div>
  );
}

/** Opens a record's whole JSON where it stands. */
export function RecordDisclosure({
  record,
  label = "Record",
}: {
  record: AuditRecord;
  label?: string;
}): ReactNode {
  const [open, setOpen] = useState(false);
  return (
    <details className="activity-disclosure" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        {label} <span className="numeric">#{record.seq}</span>
      </summary>
      {open && <WholeRecord record={record} />}
    </details>
  );
}
