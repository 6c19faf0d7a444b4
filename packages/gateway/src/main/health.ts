import type { Health } from "../api/services.ts";
import type { AuditLog } from "../audit/log.ts";
import type { Grants } from "../grants/grants.ts";
import type { Identity } from "../identity/identity.ts";

/** Whether the gateway can serve now, part by part: what `/readyz` says. */
export function healthOf(identity: Identity, grants: Grants, log: AuditLog): Health {
  const check = (name: string, why: string | undefined): Health["checks"][number] => ({
    name,
    ok: why === undefined,
    ...(why === undefined ? {} : { detail: why }),
  });
  const checks = [
    check("identity", identity.unavailable),
    check("store", grants.unavailable),
    check("audit log", log.unavailable),
    check("ends", grants.atRisk),
  ];
  return { ready: checks.every(({ ok }) => ok), checks };
}
