import type { AuditRecord } from "@mayfly/sdk/browser";
import { memo, type ReactNode, useId, useState } from "react";
import { BreakGlassBadge } from "../../components/badge.tsx";
import { Button, LinkButton } from "../../components/button.tsx";
import { CopyButton } from "../../components/copy-button.tsx";
import { Icon } from "../../components/icons.tsx";
import { ReplayButton } from "../../components/replay-button.tsx";
import { Facts } from "../../components/table.tsx";
import { Time } from "../../components/time.tsx";
import { Code, Untrusted } from "../../components/untrusted.tsx";
import type { Filters } from "./filters.ts";
import { operationsOf } from "./matches.ts";
import { Notes, Quote, Sentence } from "./sentence.tsx";
import { WholeRecord } from "./whole-record.tsx";
import { withOutcome, wordsOf } from "./words.ts";

/** Opens the list of what shares something with a record. */
export type Narrow = (filters: Filters) => void;

interface RowProps {
  readonly record: AuditRecord;
  /** What came of it, where it is an act's intent. */
  readonly outcome: AuditRecord | undefined;
  /** It belongs to access that was taken in an emergency. */
  readonly isEmergency: boolean;
  readonly startsOpen: boolean;
  /** The same function each time, or every row is drawn again whenever a record comes in. */
  readonly narrow: Narrow;
}

function Row({ record, outcome, isEmergency, startsOpen, narrow }: RowProps): ReactNode {
  const [open, setOpen] = useState(startsOpen);
  const id = useId();
  const words = outcome === undefined ? wordsOf(record) : withOutcome(record, outcome);
  const { quote, code, notes } = words;
  return (
    <li
      className={`activity-record activity-record-${words.tone}${record.type === "break_glass.activated" ? " activity-record-loud" : isEmergency ? " activity-record-emergency" : ""}`}
    >
      <div className="activity-head">
        <button
          type="button"
          className="activity-toggle"
          aria-expanded={open}
          aria-controls={id}
          aria-labelledby={`${id}-sentence`}
          onClick={() => setOpen(!open)}
        >
          <Icon name="chevron" size={14} />
        </button>
        <span className="activity-sentence">
          <span id={`${id}-sentence`}>
            <Sentence record={record} words={words} isLinked />
          </span>{" "}
          {isEmergency && <BreakGlassBadge />}
        </span>
        <span className="activity-when">
          <span className="numeric">
            {record.log === undefined ? "" : `${record.log} `}#{record.seq}
          </span>
          <Time at={record.time} as="clock" /> · <Time at={record.time} />
        </span>
      </div>
      {(quote !== undefined || code !== undefined || notes.length > 0) && (
        <div className="activity-more">
          {quote !== undefined && <Quote text={quote} />}
          {code !== undefined && (
            <div className={open ? undefined : "activity-clamped"}>
              <Code text={code} />
            </div>
          )}
          <Notes notes={notes} />
          {outcome !== undefined && <ReplayButton outcome={outcome} />}
        </div>
      )}
      <div id={id} hidden={!open}>
        {open && <Opened record={record} narrow={narrow} />}
        {open && outcome !== undefined && (
          <div className="activity-opened">
            <h3>Outcome</h3>
            <WholeRecord record={outcome} />
          </div>
        )}
      </div>
    </li>
  );
}

/** One record: a sentence, and on a click the whole of it. */
export const RecordRow: (props: RowProps) => ReactNode = memo(Row);

function Opened({ record, narrow }: { record: AuditRecord; narrow: Narrow }): ReactNode {
  const { principal, request, grant, session } = record;
  const inLog = record.log === undefined ? "" : `&log=${encodeURIComponent(record.log)}`;
  const link = `${globalThis.location.origin}/activity?record=${record.seq}${inLog}`;
  return (
    <div className="activity-opened">
      <Facts
        facts={[
          ["When", <Time key="when" at={record.time} as="exact" />],
          ["What", <code key="what">{record.type}</code>],
          ["Who", principal === undefined ? undefined : <Principal key="who" principal={principal} />],
          ["Connection", said(record.connection)],
          ["Operations", said(operationsOf(record).join(", "))],
          ["Policy", said(record.policy)],
          ["Request", code(request)],
          ["Grant", code(grant)],
          ["Session", code(session)],
          ["Configuration", code(record.configuration)],
          ["Log", said(record.log)],
        ]}
      />
      <div className="row">
        {request !== undefined && (
          <LinkButton size="s" to="/requests/$id" params={{ id: request }} icon="activity">
            The request's whole story
          </LinkButton>
        )}
        {session !== undefined && (
          <Button size="s" icon="filter" onClick={() => narrow({ session })}>
            This session
          </Button>
        )}
        {grant !== undefined && (
          <Button size="s" icon="filter" onClick={() => narrow({ grant })}>
            This grant
          </Button>
        )}
        {principal !== undefined && (
          <Button size="s" icon="filter" onClick={() => narrow({ principal: principal.subject })}>
            This principal
          </Button>
        )}
        <span className="row muted">
          Link to this record <CopyButton text={link} label={`Copy the link to record ${record.seq}`} />
        </span>
      </div>
      <WholeRecord record={record} />
    </div>
  );
}

function said(text: string | undefined): ReactNode {
  return text === undefined || text === "" ? undefined : <Untrusted text={text} />;
}

/** An id or a digest: letter by letter. */
function code(text: string | undefined): ReactNode {
  return text === undefined ? undefined : (
    <code>
      <Untrusted text={text} />
    </code>
  );
}

function Principal({ principal }: { principal: NonNullable<AuditRecord["principal"]> }): ReactNode {
  const { kind, name, subject, issuer, person, actors } = principal;
  return (
    <span className="stack-s">
      <span>
        <Untrusted text={name} /> <span className="muted">({kind})</span>
      </span>
      <span className="muted">
        <Untrusted text={`${subject} of ${issuer}`} />
      </span>
      {person !== undefined && (
        <span className="muted">
          for <Untrusted text={person} />
        </span>
      )}
      {actors !== undefined && actors.length > 0 && (
        <span className="muted">
          through <Untrusted text={actors.join(", then ")} />
        </span>
      )}
    </span>
  );
}
