import type { Request } from "@mayfly/sdk/browser";
import { type ReactNode, type SyntheticEvent, useId, useRef, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { spanText } from "../../components/duration.ts";
import { Checkbox, SelectField, TextField } from "../../components/field.tsx";
import { Banner } from "../../components/page.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { DecisionProblem } from "./decision-problem.tsx";
import { type Draft, keepDraft } from "./draft.ts";
import { useDecision } from "./use-decision.ts";
import { shorterTimes, shortOperation } from "./words.ts";

/** A decision that asks for nothing less than was asked for. */
export function newDraft(request: Request, decision: Draft["decision"]): Draft {
  return {
    decision,
    comment: "",
    operations: request.operations.map(({ name }) => name),
    seconds: request.ttl_seconds,
  };
}

function AllowLess({
  request,
  draft,
  change,
}: {
  request: Request;
  draft: Draft;
  change: (part: Partial<Draft>) => void;
}): ReactNode {
  const times = [request.ttl_seconds, ...shorterTimes(request.ttl_seconds)];
  const less = draft.operations.length < request.operations.length || draft.seconds < request.ttl_seconds;
  return (
    <details className="request-less" open={less || undefined}>
      <summary>Allow less than was asked for</summary>
      <div className="stack">
        {request.operations.length > 1 && (
          <fieldset className="request-less-operations">
            <legend className="field-label">Operations</legend>
            {request.operations.map(({ name }) => (
              <Checkbox
                key={name}
                label={<Untrusted text={shortOperation(name)} />}
                checked={draft.operations.includes(name)}
                onChange={({ target }) =>
                  change({
                    operations: target.checked
                      ? [...draft.operations, name]
                      : draft.operations.filter((kept) => kept !== name),
                  })
                }
              />
            ))}
          </fieldset>
        )}
        <SelectField
          label="Time, from the moment it becomes active"
          value={String(draft.seconds)}
          onChange={({ target }) => change({ seconds: Number(target.value) })}
          options={times.map((seconds) => ({
            value: String(seconds),
            label: seconds === request.ttl_seconds ? `${spanText(seconds)}, as asked` : spanText(seconds),
          }))}
        />
      </div>
    </details>
  );
}

/**
 * Confirms a decision. What is sent is bound to `digest`: the request as the reviewer saw it when they pressed the
 * button. When another one has come meanwhile, nothing can be sent from here any more.
 */
export function DecisionDialog({
  request,
  digest,
  initial,
  onClose,
  onDecided,
}: {
  request: Request;
  digest: string;
  initial: Draft;
  onClose: () => void;
  onDecided: (after: Request) => void;
}): ReactNode {
  const [draft, setDraft] = useState(initial);
  const comment = useRef<HTMLInputElement>(null);
  const form = useId();
  const decision = useDecision(request, onDecided);
  const change = (part: Partial<Draft>): void => {
    decision.reset();
    setDraft((before) => ({ ...before, ...part }));
  };
  const approve = draft.decision === "approve";
  const stale = request.digest !== digest || request.state !== "pending";
  const nothing = approve && draft.operations.length === 0;
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!stale && !nothing) decision.send(draft, digest);
  };
  return (
    <Dialog
      open
      onClose={onClose}
      initialFocus={comment}
      title={approve ? "Approve this request?" : "Refuse this request?"}
      description={
        <>
          <strong>
            <Untrusted text={request.requester.name} />
          </strong>{" "}
          {approve ? "gets" : "does not get"}{" "}
          <Untrusted
            text={
              (approve ? draft.operations : initial.operations).map(shortOperation).join(", ") || "nothing"
            }
          />{" "}
          on <Untrusted text={request.connection} />
          {approve && ` for ${spanText(draft.seconds)}`}.
        </>
      }
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={form}
            variant={approve ? "primary" : "danger"}
            icon={approve ? "check" : "cross"}
            busy={decision.busy}
            disabled={stale || nothing}
          >
            {approve ? "Approve" : "Refuse"}
          </Button>
        </>
      }
    >
      {stale && decision.error === null && (
        <Banner tone="warn">
          <strong>
            {request.state === "pending" ? "The request has changed." : "This request is decided already."}
          </strong>{" "}
          Close this and look at it as it is now.
        </Banner>
      )}
      {decision.error !== null && (
        <DecisionProblem
          error={decision.error}
          path={`/requests/${request.id}`}
          leave={() => keepDraft(request.id, draft)}
        />
      )}
      <form id={form} className="stack" onSubmit={submit}>
        <TextField
          ref={comment}
          label={approve ? "Comment (optional)" : "Why (optional)"}
          hint={`${approve ? "The audit log keeps it" : "The requester reads it, and the audit log keeps it"}.`}
          value={draft.comment}
          maxLength={2000}
          autoComplete="off"
          onChange={({ target }) => change({ comment: target.value })}
        />
        {approve && <AllowLess request={request} draft={draft} change={change} />}
        {nothing && <p className="field-error">Leave at least one operation, or refuse.</p>}
      </form>
    </Dialog>
  );
}
