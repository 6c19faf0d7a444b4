import type { AuditRecord } from "@mayfly/sdk/browser";
import type { ReactNode } from "react";
import { AgentLink } from "../../components/agent-link.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import type { Part, Words } from "./words.ts";

/** Who did it, and for whom. */
function Who({ principal, isLinked }: { principal: AuditRecord["principal"]; isLinked: boolean }): ReactNode {
  if (principal === undefined || principal.kind === "system") return <strong>Mayfly</strong>;
  return (
    <>
      <strong>
        {isLinked && principal.kind === "agent" ? (
          <AgentLink
            who={{ ...principal, kind: principal.kind, client: principal.client ?? principal.subject }}
          />
        ) : (
          <Untrusted text={principal.name} />
        )}
      </strong>
      {principal.person !== undefined && principal.person !== principal.name && (
        <>
          {" for "}
          <Untrusted text={principal.person} />
        </>
      )}
    </>
  );
}

/** Words of ours and names of others, one sentence. */
export function Parts({ parts }: { parts: readonly Part[] }): ReactNode {
  return parts.map((part, at) =>
    typeof part === "string" ? (
      part
    ) : (
      // oxlint-disable-next-line react/no-array-index-key -- the parts of one sentence never change places
      <Untrusted key={at} text={part.said} />
    ),
  );
}

/** A record's sentence: who, and what they did. @param isLinked whether an agent's name leads to its page */
export function Sentence({
  record,
  words,
  isLinked = false,
}: {
  record: AuditRecord;
  words: Words;
  isLinked?: boolean;
}): ReactNode {
  return (
    <>
      {!words.standsAlone && (
        <>
          <Who principal={record.principal} isLinked={isLinked} />{" "}
        </>
      )}
      <Parts parts={words.parts} />
    </>
  );
}

/** What a person or an agent wrote, as a quotation. */
export function Quote({ text }: { text: string }): ReactNode {
  return (
    <blockquote className="activity-quote">
      <Untrusted text={text} />
    </blockquote>
  );
}

/** Further facts, a line each. */
export function Notes({ notes }: { notes: readonly string[] }): ReactNode {
  if (notes.length === 0) return null;
  return (
    <ul className="activity-notes">
      {notes.map((note, at) => (
        // oxlint-disable-next-line react/no-array-index-key -- the notes of one record never change places
        <li key={at}>
          <Untrusted text={note} />
        </li>
      ))}
    </ul>
  );
}
