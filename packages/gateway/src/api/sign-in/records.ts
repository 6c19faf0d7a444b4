import type { AuditLog } from "../../audit/log.ts";
import type { NewRecord, RecordPrincipal } from "../../audit/records.ts";
import type { BrowserSession } from "../../identity/browser-sessions/store.ts";
import type { Principal, Verified } from "../../identity/principal.ts";
import type { SignInMethod } from "../../identity/sign-in/provider.ts";
import { SignInRefused } from "../../identity/sign-in/problems.ts";

function principalOf({ kind, issuer, subject, name }: Principal): RecordPrincipal {
  return { kind, issuer, subject, name };
}

/**
 * Records that somebody signed in, and waits until it is on disk: nobody is signed in unrecorded. In the last of the log's disk
 * that is who has a role, and so can end what others have: whoever signs in again and again must not take that room.
 * @throws SignInRefused not_recorded
 */
export async function recordSignIn(
  log: AuditLog,
  session: BrowserSession,
  { principal, authenticatedAt }: Verified,
): Promise<void> {
  if (log.unavailable !== undefined && principal.roles.length === 0)
    throw new SignInRefused("not_recorded", `the audit log does not take it: ${log.unavailable}`);
  try {
    log.append({
      type: "sign_in.succeeded",
      principal: principalOf(principal),
      session: session.id,
      detail: {
        method: session.method,
        address: session.address,
        browser: session.browser,
        groups: [...principal.groups],
        roles: [...principal.roles],
        ends_at: new Date(session.endsAt).toISOString(),
        ...(authenticatedAt === undefined
          ? {}
          : { authenticated_at: new Date(authenticatedAt).toISOString() }),
      },
    });
    await log.sync();
  } catch (thrown) {
    throw new SignInRefused("not_recorded", "the audit log did not take it", thrown);
  }
}

/** The record of a sign-in, or a logout token, that was refused. It names the check and repeats nothing that came. */
export function refusedSignIn(
  method: SignInMethod,
  address: string,
  step: "begin" | "finish" | "back_channel_logout",
  { problem, why }: SignInRefused,
): NewRecord {
  return { type: "sign_in.refused", detail: { method, address, step, code: problem, why } };
}
