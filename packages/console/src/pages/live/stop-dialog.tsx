import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, type SyntheticEvent, useId, useRef, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { TextField } from "../../components/field.tsx";
import { toast } from "../../components/toast.tsx";
import { MAX_REASON_CHARACTERS } from "../../components/text-limits.ts";
import { ProblemBanner } from "./problem-banner.tsx";

/**
 * Asks for a reason, and where `confirm` is given for words to be typed, before something is stopped. Told and done
 * once, however often it is pressed.
 */
export function StopDialog({
  title,
  description,
  action,
  confirm,
  stop,
  onClose,
}: {
  title: string;
  description: ReactNode;
  action: string;
  confirm?: { readonly words: string; readonly fits: (typed: string) => boolean };
  /** Does it, and says what was done. */
  stop: (reason: string) => Promise<string>;
  onClose: () => void;
}): ReactNode {
  const queryClient = useQueryClient();
  const form = useId();
  const first = useRef<HTMLInputElement>(null);
  const [reason, setReason] = useState("");
  const [typed, setTyped] = useState("");
  const sending = useRef(false);
  const mutation = useMutation({
    mutationFn: () => stop(reason.trim()),
    onSuccess(done) {
      toast(done);
      onClose();
    },
    onSettled() {
      sending.current = false;
      for (const key of ["live", "lockdown", "inbox", "records"])
        void queryClient.invalidateQueries({ queryKey: [key] });
    },
  });
  const ready = reason.trim() !== "" && (confirm === undefined || confirm.fits(typed));
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (!ready || sending.current) return;
    sending.current = true;
    mutation.mutate();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      title={title}
      description={description}
      initialFocus={first}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="danger" busy={mutation.isPending} disabled={!ready}>
            {action}
          </Button>
        </>
      }
    >
      <ProblemBanner error={mutation.error} />
      <form id={form} className="stack" onSubmit={submit}>
        <TextField
          ref={first}
          label="Reason"
          hint="The agent sees this, and it is kept in the audit log."
          value={reason}
          required
          maxLength={MAX_REASON_CHARACTERS}
          autoComplete="off"
          onChange={({ target }) => setReason(target.value)}
        />
        {confirm !== undefined && (
          <TextField
            label={`Type “${confirm.words}” to confirm`}
            value={typed}
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={({ target }) => setTyped(target.value)}
          />
        )}
      </form>
    </Dialog>
  );
}
