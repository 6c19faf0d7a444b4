import type { Request } from "@mayfly/sdk/browser";
import { type ReactNode, type RefObject, type SyntheticEvent, useId, useRef, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { spanText } from "../../components/duration.ts";
import { Checkbox, SelectField, TextField } from "../../components/field.tsx";
import { Banner } from "../../components/page.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { MAX_COMMENT_CHARACTERS } from "../../components/text-limits.ts";
import { DecisionProblem } from "./decision-problem.tsx";
import { type Draft, keepDraft } from "./draft.ts";
import { SignInAgainButton, SignInAgainWords, useSignInAgainFor } from "./sign-in-again.tsx";
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
  returned,
  onClose,
  onDecided,
  finalFocus,
}: {
  request: Request;
  digest: string;
  initial: Draft;
  /** The reviewer comes from the provider. */
  returned: boolean;
  onClose: () => void;
  onDecided: (after: Request) => void;
  /** Where the keyboard goes on when it closes; left out: where it was. */
  finalFocus?: RefObject<HTMLElement | null> | undefined;
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
  const again = useSignInAgainFor(request, returned);
  const mustSignIn = approve && again !== undefined;
  const path = `/requests/${request.id}`;
  const leave = (): void => keepDraft(request.id, draft);
  const stale = request.digest !== digest || request.state !== "pending";
  const nothing = approve && draft.operations.length === 0;
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!stale && !nothing && !mustSignIn) decision.send(draft, digest);
  };
  return (
    <Dialog
      open
      onClose={onClose}
      initialFocus={comment}
      {...(finalFocus === undefined ? {} : { finalFocus })}
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
          {mustSignIn && !stale ? (
            <SignInAgainButton again={again} path={path} leave={leave} />
          ) : (
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
          )}
        </>
      }
    >
      {stale && decision.error === null && (
        <Banner tone="warn">
          <strong>
            {request.state === "pending"
              ? "The request has changed."
              : "This request has already been decided."}
          </strong>{" "}
          Close this and read it as it is now.
        </Banner>
      )}
      {mustSignIn && !stale ? (
        <Banner tone="info">
          <SignInAgainWords seconds={again.seconds} /> What you write here is kept.
        </Banner>
      ) : (
        decision.error !== null && <DecisionProblem error={decision.error} path={path} leave={leave} />
      )}
      <form id={form} className="stack" onSubmit={submit}>
        <TextField
          ref={comment}
          label={approve ? "Comment (optional)" : "Why (optional)"}
          hint={approve ? "Kept in the audit log." : "The agent sees this, and it is kept in the audit log."}
          value={draft.comment}
          maxLength={MAX_COMMENT_CHARACTERS}
          autoComplete="off"
          onChange={({ target }) => change({ comment: target.value })}
        />
        {approve && <AllowLess request={request} draft={draft} change={change} />}
        {nothing && <p className="field-error">Leave at least one operation, or refuse.</p>}
      </form>
    </Dialog>
  );
}
