import type { Request } from "@mayfly/sdk/browser";
import { type ReactNode, type RefObject, useState } from "react";
import { Button } from "../../components/button.tsx";
import { KeyHint } from "../../components/key-hint.tsx";
import { Banner } from "../../components/page.tsx";
import { TimeLeft } from "../../components/time.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { useKeys } from "../../components/use-keys.ts";
import { DecisionDialog, newDraft } from "./decision-dialog.tsx";
import { type Draft, takeDraft } from "./draft.ts";
import { SignInAgainWords, useSignInAgainFor } from "./sign-in-again.tsx";
import { useSeen } from "./seen.ts";
import { outcomeText } from "./words.ts";

/** What came of a request, where nothing is left to decide. */
function Outcome({ request }: { request: Request }): ReactNode {
  const tone = request.state === "approved" ? "info" : "warn";
  return (
    <Banner tone={tone}>
      <Untrusted text={outcomeText(request) ?? ""} />
    </Banner>
  );
}

/**
 * The place where a reviewer says yes or no, by button or by key (a, r). Shows why somebody may not, and what came of a
 * request that is over.
 */
export function Decide({
  request,
  listed = true,
  onDecided,
  finalFocus,
}: {
  request: Request;
  /** Beside a list: whether that shows the request as well. What it does not show is not decided there. */
  listed?: boolean;
  onDecided: (after: Request) => void;
  /** Where the keyboard goes on after a dialog; left out: where it was. */
  finalFocus?: RefObject<HTMLElement | null>;
}): ReactNode {
  const seen = useSeen(request);
  // Whoever had to sign in again comes back to what they had begun; they still have to press the button.
  const [draft, setDraft] = useState<Draft | undefined>(() => takeDraft(request.id));
  const [returned] = useState(draft !== undefined);
  const again = useSignInAgainFor(request, returned);
  const [digest, setDigest] = useState(request.digest);
  const open = request.state === "pending" && request.may_decide && !seen.changed && listed;
  const begin = (decision: Draft["decision"]): boolean => {
    if (!open) return false;
    setDigest(seen.digest);
    setDraft(newDraft(request, decision));
    return true;
  };
  useKeys((action) => (action === "approve" || action === "refuse") && begin(action));

  return (
    <div className="request-decide">
      {request.state !== "pending" ? (
        <Outcome request={request} />
      ) : request.may_decide ? (
        <>
          {seen.changed && (
            <Banner tone="warn" action={<Button onClick={seen.lookAgain}>I have read it again</Button>}>
              <strong>This request changed while you were reading it.</strong> This is how it is now.
            </Banner>
          )}
          {!listed && (
            <Banner tone="warn">
              The list no longer shows this request. Open its own page to decide it.
            </Banner>
          )}
          {again !== undefined && (
            <p className="request-again">
              <SignInAgainWords seconds={again.seconds} />
            </p>
          )}
          <div className="request-decide-row">
            {request.waits_until !== undefined && (
              <span className="muted">
                <TimeLeft until={request.waits_until} />
              </span>
            )}
            <span className="request-decide-buttons">
              <Button variant="danger-quiet" icon="cross" disabled={!open} onClick={() => begin("refuse")}>
                Refuse <KeyHint keys="r" />
              </Button>
              <Button variant="primary" icon="check" disabled={!open} onClick={() => begin("approve")}>
                Approve <KeyHint keys="a" />
              </Button>
            </span>
          </div>
        </>
      ) : (
        <p className="muted">
          You can&rsquo;t decide this: <Untrusted text={request.why_not ?? "somebody else has to"} />.
        </p>
      )}
      {draft !== undefined && (
        <DecisionDialog
          request={request}
          digest={digest}
          initial={draft}
          returned={returned}
          finalFocus={finalFocus}
          onClose={() => setDraft(undefined)}
          onDecided={(after) => {
            setDraft(undefined);
            onDecided(after);
          }}
        />
      )}
    </div>
  );
}
