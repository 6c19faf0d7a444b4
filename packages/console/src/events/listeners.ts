import type { AuditRecord } from "@mayfly/sdk/browser";
import { useEffect, useEffectEvent } from "react";

type Listener = (records: readonly AuditRecord[]) => void;
const listeners = new Set<Listener>();

/** Tells everybody who listens of new records, in order. Called by the shell alone. */
export function publish(records: readonly AuditRecord[]): void {
  for (const listener of listeners) listener(records);
}

/** Calls `listener` with the records that the gateway tells this person of, as they are written, some at a time. */
export function useRecords(listener: Listener): void {
  const heard = useEffectEvent(listener);
  useEffect(() => {
    const mine: Listener = (records) => heard(records);
    listeners.add(mine);
    return () => {
      listeners.delete(mine);
    };
  }, []);
}
