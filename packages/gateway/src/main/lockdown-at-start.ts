import type { Logger } from "pino";
import type { Grants } from "../grants/grants.ts";
import { localOperator } from "./wiring/local-operator.ts";

/** Locks down before anybody is let in. One that is in force stays as it is, which is said: its reason is another. */
export async function lockDownAtStart(
  grants: Pick<Grants, "lockdown" | "locked">,
  reason: string,
  logger: Pick<Logger, "warn">,
): Promise<void> {
  const before = grants.locked;
  await grants.lockdown(localOperator(), reason);
  if (before !== undefined)
    logger.warn(
      { reason: before.reason, by: before.by, since: new Date(before.since).toISOString(), asked: reason },
      "a lock-down is in force already: it stays, and the reason given at this start is not recorded",
    );
}
