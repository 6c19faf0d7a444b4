import { createHash, randomBytes } from "node:crypto";

/**
 * How a session is called in pg_stat_activity: `mayfly GRANT@GATEWAY.RUN CLIENT'S-OWN`. GATEWAY tells which gateway (by
 * its audit log, which one process alone can have open), RUN which of its runs.
 */
export interface GatewayMark {
  readonly gateway: string;
  readonly run: string;
  /** The gateway by the log that an operator has said is lost: nobody else looks after what that one left. */
  readonly before?: string;
}

function gatewayOf(log: string): string {
  return createHash("sha256").update(log).digest("hex").slice(0, 8);
}

/** What PostgreSQL keeps of an application_name (NAMEDATALEN - 1). */
const MAX_NAME_BYTES = 63;

/**
 * This process's mark.
 * @param log what tells the gateway's audit log from every other
 * @param lost the same of the log in whose place it is
 */
export function gatewayMark(log: string, lost?: string): GatewayMark {
  return {
    gateway: gatewayOf(log),
    run: randomBytes(3).toString("hex"),
    ...(lost === undefined ? {} : { before: gatewayOf(lost) }),
  };
}

/** Whether an earlier run of this gateway left a session of that name: those of other gateways, and of this run, are not. */
export function isLeftBehind(name: string, { gateway, run, before }: GatewayMark): boolean {
  const found = readSessionName(name);
  if (found === undefined) return false;
  return found.gateway === gateway ? found.run !== run : found.gateway === before;
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
