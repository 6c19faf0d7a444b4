import type { Request } from "@mayfly/sdk/browser";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, type SyntheticEvent, useId, useRef, useState } from "react";
import { mayfly } from "../../api/client.ts";
import { problemOf } from "../../api/problems.ts";
import { requestQuery } from "../../api/queries.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { TextArea } from "../../components/field.tsx";
import { Banner } from "../../components/page.tsx";
import { MAX_COMMENT_CHARACTERS } from "../../components/text-limits.ts";
import { toast } from "../../components/toast.tsx";
import { Untrusted } from "../../components/untrusted.tsx";

function Problem({ error }: { error: unknown }): ReactNode {
  const { title, text, hint } = problemOf(error);
  return (
    <Banner tone="bad">
      <strong>{title}.</strong> <Untrusted text={text} /> {hint !== undefined && <Untrusted text={hint} />}
    </Banner>
  );
}

/** Takes what one person found who looked at an emergency after its end; said once. */
function ReviewDialog({
  id,
  note,
  setNote,
  onClose,
}: {
  id: string;
  note: string;
  setNote: (note: string) => void;
  onClose: () => void;
}): ReactNode {
  const queryClient = useQueryClient();
  const form = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const sending = useRef(false);
  const { mutate, isPending, error } = useMutation({
    mutationFn: (said: string) => mayfly.review(id, said),
    onSuccess(after) {
      queryClient.setQueryData(requestQuery(id).queryKey, after);
      toast("Your review is recorded.");
      onClose();
    },
    onError() {
      void queryClient.invalidateQueries({ queryKey: ["request", id] });
    },
    onSettled() {
      sending.current = false;
      for (const key of ["emergencies", "overview", "records"])
        void queryClient.invalidateQueries({ queryKey: [key] });
    },
  });
  const said = note.trim();
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    // The second click of a double click comes before React has drawn the disabled button.
    if (said === "" || sending.current) return;
    sending.current = true;
    mutate(said);
  };
  return (
    <Dialog
      open
      onClose={onClose}
      initialFocus={field}
      title="Review this emergency"
      description="It changes nothing of the access, which is over."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            type="submit"
            form={form}
            variant="primary"
            icon="check"
            busy={isPending}
            disabled={said === ""}
          >
            Record your review
          </Button>
        </>
      }
    >
      {error !== null && <Problem error={error} />}
      <form id={form} onSubmit={submit}>
        <TextArea
          ref={field}
          label="What you found"
          hint="Kept with the request and in the audit log. The requester does not see it."
          maxLength={MAX_COMMENT_CHARACTERS}
          value={note}
          onChange={({ target }) => setNote(target.value)}
        />
      </form>
    </Dialog>
  );
}

/** Where somebody reviews an emergency, or reads why they may not. */
export function Review({ request }: { request: Request }): ReactNode {
  const { id, may_review: mayReview, why_not_review: whyNot } = request;
  const [open, setOpen] = useState(false);
  // Outlives the dialog: whoever closes it to look again goes on with what they wrote.
  const [note, setNote] = useState("");
  return (
    <>
      {mayReview === true ? (
        <Button variant="primary" onClick={() => setOpen(true)}>
          Review this emergency
        </Button>
      ) : (
        <p className="muted">
          You can&rsquo;t review this: <Untrusted text={whyNot ?? "somebody else has to"} />.
        </p>
      )}
      {/* It stays when the answer has changed meanwhile, and says why. */}
      {open && <ReviewDialog id={id} note={note} setNote={setNote} onClose={() => setOpen(false)} />}
    </>
  );
}
