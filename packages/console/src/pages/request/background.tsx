import type { Background, DeniedAct } from "@mayfly/sdk/browser";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { backgroundQuery } from "../../api/queries.ts";
import { useRoles } from "../../api/session.ts";
import { Code, Untrusted } from "../../components/untrusted.tsx";
import { Time } from "../../components/time.tsx";
import { actText } from "../activity/act-words.ts";
import type { StatementTexts } from "../activity/statement-texts.ts";
import { useStatementTexts } from "../activity/use-statement-texts.ts";
import { earlierText, firstTimeText } from "./words.ts";

/** What stands behind a request, for those who may know; undefined for others and while it is on its way. */
export function useBackground(id: string): Background | undefined {
  const isTold = useRoles().length > 0;
  return useQuery({ ...backgroundQuery(id), enabled: isTold }).data;
}

/** Whether it was asked for before, and what became of that. */
export function Earlier({ background }: { background: Background | undefined }): ReactNode {
  if (background === undefined) return undefined;
  const { first_time, earlier, looked_at, more } = background;
  const nothing = Object.values(earlier).every((count) => count === undefined || count === 0);
  if (nothing && first_time.length > 0) {
    return (
      <p>
        <strong>First time it asks for this</strong>
        <span className="muted">{firstTimeText(looked_at, more)}</span>
      </p>
    );
  }
  return <p>{earlierText(earlier)}</p>;
}

/** Names a denied act among those of several logs. */
const deniedKey = ({ log, seq }: DeniedAct): string => `${log ?? ""} ${seq}`;

const namesOf = (logs: readonly { readonly log: string }[]): string =>
  [...new Set(logs.map(({ log }) => log))].join(", ");

/** That some gateway's log did not answer for what was denied, or was given up. */
export function DenialsLack({
  partial,
  retired,
}: {
  partial: Background["partial"];
  retired: Background["retired"];
}): ReactNode {
  if (partial === undefined && retired === undefined) return undefined;
  return (
    <p className="muted">
      Some of what was denied may be missing here:{" "}
      {partial !== undefined && (
        <>
          no answer from <Untrusted text={namesOf(partial)} />
          {retired !== undefined && "; "}
        </>
      )}
      {retired !== undefined && (
        <>
          retired: <Untrusted text={namesOf(retired)} />
        </>
      )}
      .
    </p>
  );
}

/** Acts that were denied, the items of a list. A statement that only its digest names stands in another of them. */
export function DeniedActs({ denials }: { denials: readonly DeniedAct[] }): ReactNode {
  const acts = useMemo(() => denials.map(({ act }) => ({ detail: { act } })), [denials]);
  const texts = useStatementTexts(acts);
  return denials.map((denied) => <Denied key={deniedKey(denied)} denied={denied} texts={texts} />);
}

/** An act that was denied: what was tried, and why it was refused. */
function Denied({ denied, texts }: { denied: DeniedAct; texts: StatementTexts }): ReactNode {
  const { code, notes } = actText({ act: denied.act }, (digest) => texts.get(digest));
  return (
    <li className="request-denial">
      <span className="muted">
        <Time at={denied.at} />
        {denied.rule !== undefined && (
          <>
            {" "}
            · <Untrusted text={denied.rule} />
          </>
        )}
      </span>
      {code !== undefined && <Code text={code} />}
      {[...notes, ...(denied.message === undefined ? [] : [denied.message])].map((note) => (
        <p key={note} className="muted">
          <Untrusted text={note} />
        </p>
      ))}
    </li>
  );
}
