import type { AuditRecord } from "@mayfly/sdk/browser";
import { recordingOf } from "@mayfly/sdk/recordings";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { Button } from "./button.tsx";
import { Skeleton } from "./states.tsx";

// The terminal is fetched when somebody replays something.
const Replay = lazy(() => import("./replay/index.tsx"));

/** Replays the recording of an act in the page, where its outcome has one. */
export function ReplayButton({ outcome }: { outcome: AuditRecord }): ReactNode {
  const [open, setOpen] = useState(false);
  const recording = recordingOf(outcome.detail);
  if (recording === undefined || recording.output.length === 0) return null;
  return (
    <div className="stack-s">
      <div>
        <Button size="s" icon="activity" aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? "Close the recording" : "Replay the recording"}
        </Button>
      </div>
      {open && (
        <Suspense fallback={<Skeleton lines={5} />}>
          <Replay recording={recording} />
        </Suspense>
      )}
    </div>
  );
}
