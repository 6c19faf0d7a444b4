import type { InboxItem } from "@mayfly/sdk/browser";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, type RefObject, type SyntheticEvent, useId, useRef, useState } from "react";
import { mayfly } from "../../api/client.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { TextField } from "../../components/field.tsx";
import { toast } from "../../components/toast.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { MAX_COMMENT_CHARACTERS } from "../../components/text-limits.ts";
import { shortOperation } from "../request/words.ts";

/** How many names stand in the dialog; the rest is counted. */
const MAX_NAMED = 8;

/** What became of many refusals, in a sentence. */
export function refusedText(refused: number, asked: number): string {
  const requests = (count: number): string => `${count} ${count === 1 ? "request" : "requests"}`;
  return refused === asked
    ? `${requests(refused)} refused.`
    : `${requests(refused)} refused. ${asked - refused} could not be: decided or changed meanwhile.`;
}

/**
 * Refuses several requests, each bound to what the list showed of it. There is no such thing for approving: a yes takes
 * reading what it is for.
 */
export function RefuseMany({
  items,
  onClose,
  onRefused,
  finalFocus,
}: {
  items: readonly InboxItem[];
  onClose: () => void;
  /** Told once they are refused, with their ids. */
  onRefused: (ids: ReadonlySet<string>) => void;
  finalFocus: RefObject<HTMLElement | null>;
}): ReactNode {
  const queryClient = useQueryClient();
  const form = useId();
  const first = useRef<HTMLInputElement>(null);
  const sending = useRef(false);
  const [comment, setComment] = useState("");
  // What was on the screen when the dialog opened: what comes meanwhile is not refused with it.
  const [these] = useState(items);
  const mutation = useMutation({
    async mutationFn() {
      let refused = 0;
      for (const { id, digest } of these) {
        try {
          await mayfly.refuse(id, { digest, comment });
          refused += 1;
        } catch {
          // Decided, changed or withdrawn meanwhile: counted below, and the list shows what is left.
        }
      }
      return refused;
    },
    onSuccess(refused) {
      toast(refusedText(refused, these.length), refused === these.length ? "good" : "info");
      onRefused(new Set(these.map(({ id }) => id)));
      onClose();
    },
    onSettled() {
      sending.current = false;
      for (const key of ["inbox", "request", "records"])
        void queryClient.invalidateQueries({ queryKey: [key] });
    },
  });
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault();
    if (sending.current) return;
    sending.current = true;
    mutation.mutate();
  };
  return (
    <Dialog
      open
      onClose={onClose}
      initialFocus={first}
      finalFocus={finalFocus}
      title={`Refuse ${these.length} requests?`}
      description={
        <ul className="inbox-refused">
          {these.slice(0, MAX_NAMED).map((item) => (
            <li key={item.id}>
              <Untrusted text={item.requester.name} />:{" "}
              <Untrusted text={item.operations.map(shortOperation).join(", ")} />{" "}
              <span className="muted">
                <Untrusted text={item.reason} />
              </span>
            </li>
          ))}
          {these.length > MAX_NAMED && <li className="muted">and {these.length - MAX_NAMED} more</li>}
        </ul>
      }
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" form={form} variant="danger" icon="cross" busy={mutation.isPending}>
            Refuse {these.length} requests
          </Button>
        </>
      }
    >
      <form id={form} onSubmit={submit}>
        <TextField
          ref={first}
          label="Why (optional)"
          hint="The agents see this, and it is kept in the audit log."
          value={comment}
          maxLength={MAX_COMMENT_CHARACTERS}
          autoComplete="off"
          onChange={({ target }) => setComment(target.value)}
        />
      </form>
    </Dialog>
  );
}
