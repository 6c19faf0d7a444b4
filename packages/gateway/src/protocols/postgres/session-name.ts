import { createHash, randomBytes } from "node:crypto";

/**
 * How a session is called in pg_stat_activity: `mayfly GRANT@GATEWAY.RUN CLIENT'S-OWN`. GATEWAY tells which gateway (by
 * its audit log, which one process alone can have open), RUN which of its runs.
 */
export interface GatewayMark {
  readonly gateway: string;
  readonly run: string;
}

/** What PostgreSQL keeps of an application_name (NAMEDATALEN - 1). */
const MAX_NAME_BYTES = 63;

/** This process's mark. @param log what tells the gateway's audit log from every other */
export function gatewayMark(log: string): GatewayMark {
  return {
    gateway: createHash("sha256").update(log).digest("hex").slice(0, 8),
    run: randomBytes(3).toString("hex"),
  };
}

/** The name of a grant's session upstream. @param software the client's own, printable ASCII */
export function sessionName(grant: string, { gateway, run }: GatewayMark, software: string): string {
  return `mayfly ${grant}@${gateway}.${run} ${software}`.trim().slice(0, MAX_NAME_BYTES);
}

/** Whose session a name upstream is; undefined where it is none of a gateway's. */
export function readSessionName(name: string): (GatewayMark & { readonly grant: string }) | undefined {
  const [, grant, gateway, run] =
    /^mayfly (gr_[A-Za-z0-9_-]+)@([0-9a-f]{8})\.([0-9a-f]{6})(?: |$)/.exec(name) ?? [];
  return grant === undefined || gateway === undefined || run === undefined
    ? undefined
    : { grant, gateway, run };
}
