import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { mayfly } from "../../api/client.ts";
import { liveQuery, lockdownQuery, overviewQuery } from "../../api/queries.ts";
import { Button } from "../../components/button.tsx";
import { Dialog } from "../../components/dialog.tsx";
import { toast } from "../../components/toast.tsx";
import { confirms, lockdownText, lockdownWords } from "./model.ts";
import { StopDialog } from "./stop-dialog.tsx";
import { ProblemBanner } from "./problem-banner.tsx";

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
      <ProblemBanner error={mutation.error} />
    </Dialog>
  );
}

/** What would be stopped now, counted. */
function Consequences(): ReactNode {
  const live = useQuery(liveQuery).data;
  const numbers = useQuery(overviewQuery).data;
  if (live === undefined || numbers === undefined)
    return "Every grant is revoked and every session is cut at once. Nobody gets anything until an operator lifts it.";
  return lockdownText(live.grants.length, numbers.now.sessions, numbers.now.waiting);
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
          description={<Consequences />}
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
