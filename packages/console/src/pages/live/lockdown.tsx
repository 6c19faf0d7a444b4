import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { mayfly } from "../../api/client.ts";
import { problemOf } from "../../api/problems.ts";
import { lockdownQuery } from "../../api/queries.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { Banner } from "../../components/page.tsx";
import { toast } from "../../components/toast.tsx";
import { Untrusted } from "../../components/untrusted.tsx";
import { confirms, lockdownWords } from "./model.ts";
import { StopDialog } from "./stop-dialog.tsx";

function Lift({ onClose }: { onClose: () => void }): ReactNode {
  const queryClient = useQueryClient();
  const mutation = useMutation({
    mutationFn: () => mayfly.lockdown.lift(),
    onSuccess() {
      toast("The lock-down is lifted. Agents can ask again.");
      onClose();
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ["lockdown"] }),
  });
  return (
    <Dialog
      open
      onClose={onClose}
      title="Lift the lock-down?"
      description="Agents can ask for access again. Grants that were cut stay cut."
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={mutation.isPending} onClick={() => mutation.mutate()}>
            Lift the lock-down
          </Button>
        </>
      }
    >
      {mutation.error !== null && (
        <Banner tone="bad">
          <Untrusted text={problemOf(mutation.error).text} />
        </Banner>
      )}
    </Dialog>
  );
}

/** The operator's big switch: locks everything down, or lifts that. */
export function LockdownControl(): ReactNode {
  const { data } = useQuery(lockdownQuery);
  const [open, setOpen] = useState(false);
  const close = (): void => setOpen(false);
  if (data === undefined) return undefined;
  return (
    <>
      <Button variant={data.locked ? "primary" : "danger"} icon="lock" onClick={() => setOpen(true)}>
        {data.locked ? "Lift the lock-down" : "Lock everything down"}
      </Button>
      {open && data.locked && <Lift onClose={close} />}
      {open && !data.locked && (
        <StopDialog
          title="Lock everything down?"
          description="Every grant is revoked and every session is cut at once. Nobody gets anything until an operator lifts it."
          action="Lock everything down"
          confirm={{ words: lockdownWords, fits: confirms }}
          onClose={close}
          stop={async (reason) => {
            await mayfly.lockdown.start(reason);
            return "Everything is locked down.";
          }}
        />
      )}
    </>
  );
}
