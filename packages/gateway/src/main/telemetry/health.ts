import type { Health } from "../../api/services.ts";
import type { AuditLog } from "../../audit/log.ts";
import type { Grants } from "../../grants/grants.ts";
import type { Identity } from "../../identity/identity.ts";

/** What health is read from. */
export interface HealthParts {
  readonly identity: Pick<Identity, "unavailable">;
  readonly grants: Pick<Grants, "unavailable" | "atRisk">;
  readonly log: Pick<AuditLog, "unavailable">;
  /** The log's folder: its own words name files relative to it. */
  readonly folder: string;
  /** Whether the store takes writes. */
  readonly store: { readonly unavailable: string | undefined };
  /** Whether the gateway leaves: load balancers are to send their clients elsewhere. */
  readonly isDraining: boolean;
}

/** Whether the gateway can serve now, part by part: what `/readyz` says. */
export function healthOf({ identity, grants, log, folder, store, isDraining }: HealthParts): Health {
  const check = (name: string, why: string | undefined): Health["checks"][number] => ({
    name,
    ok: why === undefined,
    ...(why === undefined ? {} : { detail: why }),
  });
  const away = log.unavailable;
  const checks = [
    check("identity", identity.unavailable),
    check("store", grants.unavailable ?? store.unavailable),
    check("audit log", away === undefined ? undefined : `in ${folder}: ${away}`),
    check("ends", grants.atRisk),
    ...(isDraining ? [check("gateway", "draining")] : []),
  ];
  return { ready: checks.every(({ ok }) => ok), checks };
}
