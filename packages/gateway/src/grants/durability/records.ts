import type { Json } from "../../kernel/canonical.ts";
import type { AuditLog } from "../../audit/log.ts";
import { recordPrincipal } from "../../audit/record-principal.ts";
import type { NewRecord, RecordPrincipal, RecordType } from "../../audit/records.ts";
import { logUnavailable } from "../errors.ts";
import type { ApprovalRule } from "../../policy/types.ts";
import type { Lockdown } from "../grants.ts";
import { pastGrantInWords, riskiest } from "../requests/review-sheet.ts";
import type { AccessRequest, Grant, ShadowPlan, Sheet } from "../types.ts";

/** Mayfly itself, where no principal acts. */
export const system: RecordPrincipal = {
  kind: "system",
  issuer: "mayfly",
  subject: "mayfly",
  name: "mayfly",
};

/** A detail with the span that asked, where one did. */
function traced(detail: Detail, { traceparent }: Pick<Grant, "traceparent">): Detail {
  return traceparent === undefined ? detail : { ...detail, traceparent };
}

/** When what is over began: whoever has the record of an end need not look for the others. */
export function begunDetail({ askedAt, activatedAt }: Pick<Grant, "askedAt" | "activatedAt">): Detail {
  return {
    ...(askedAt === undefined ? {} : { asked_at: new Date(askedAt).toISOString() }),
    activated_at: new Date(activatedAt).toISOString(),
  };
}

type Detail = { readonly [name: string]: Json | undefined };

/** A record about a request; `by` is who did it, the requester unless said otherwise. */
export function requestRecord(
  type: RecordType,
  request: AccessRequest,
  configuration: string,
  detail: Detail,
  by: RecordPrincipal = recordPrincipal(request.requester),
): NewRecord {
  return {
    type,
    principal: by,
    request: request.id,
    ...(request.grant === undefined ? {} : { grant: request.grant }),
    connection: request.connection,
    operations: request.operations,
    ...(request.policies.length === 0 ? {} : { policy: request.policies.join(", ") }),
    configuration,
    detail: traced(detail, request),
  };
}

/** An approval rule as records hold it. Durations in milliseconds. */
function approvalInWords({ by, count, within, escalate, freshSignIn, refusals }: ApprovalRule): Detail {
  return {
    by,
    count,
    within,
    refusals,
    ...(escalate === undefined ? {} : { escalate: { after: escalate.after, to: escalate.to } }),
    ...(freshSignIn === undefined ? {} : { fresh_sign_in: freshSignIn }),
  };
}

/** What policies in shadow would have made of a request. */
function shadowInWords({ decision, policies, ttl, approval, reasons }: ShadowPlan): Detail {
  return {
    decision,
    ...(policies === undefined ? {} : { policies }),
    ...(ttl === undefined ? {} : { ttl_ms: ttl }),
    ...(approval === undefined ? {} : { approval: approvalInWords(approval) }),
    reasons,
  };
}

/** What a reviewer sees of a request beside its other facts. */
function sheetInWords({ operations, history, shadow }: Sheet): Detail {
  return {
    ...(operations.length === 0
      ? {}
      : {
          sheet: operations.map(({ name, description, risk, scope, digest }) => ({
            name,
            description,
            risk,
            scope,
            digest,
          })),
          risk: riskiest({ operations, history }),
        }),
    ...(history.length === 0 ? {} : { history: history.map(pastGrantInWords) }),
    ...(shadow === undefined ? {} : { shadow: shadowInWords(shadow) }),
  };
}

/** What a request is, for the record that tells of it first. */
export function askedDetail(request: AccessRequest): Detail {
  return {
    reason: request.reason,
    ttl_ms: request.ttl,
    ...(request.lease === undefined ? {} : { lease_ms: request.lease }),
    ...(request.sandbox === undefined ? {} : { sandbox: request.sandbox }),
    ...(request.paths === undefined
      ? {}
      : {
          paths_closed_at: new Date(request.paths.closedAt).toISOString(),
          probe: request.paths.probe,
          ...(request.paths.from.key === undefined ? {} : { key: request.paths.from.key }),
        }),
    digest: request.digest,
    client: request.requester.client,
    groups: request.requester.groups,
    client_address: request.clientAddress,
    reasons: request.reasons,
    ...(request.requester.owner === undefined ? {} : { owner: request.requester.owner }),
    ...(request.breakGlass === true ? { break_glass: true } : {}),
    ...(request.approval === undefined ? {} : { approval: approvalInWords(request.approval) }),
    ...sheetInWords(request.sheet),
    ...(request.waitsUntil === undefined ? {} : { waits_until: new Date(request.waitsUntil).toISOString() }),
  };
}

/** A record about a grant; its principal is the one who holds it. */
export function grantRecord(
  type: RecordType,
  grant: Grant,
  configuration: string,
  detail: Detail,
): NewRecord {
  return {
    type,
    principal: recordPrincipal(grant.requester),
    request: grant.request,
    grant: grant.id,
    connection: grant.connection,
    operations: grant.operations,
    policy: grant.policies.join(", "),
    configuration,
    detail: traced(detail, grant),
  };
}

const endTypes = { expired: "grant.expired", released: "grant.released", revoked: "grant.revoked" } as const;
const closingTypes = {
  refused: "request.refused",
  withdrawn: "request.withdrawn",
  timed_out: "request.timed_out",
} as const;

/** The record of an end that only the store, or the journal, knew of. */
export function endRecord(grant: Grant, configuration: string): NewRecord {
  if (grant.state === "active" || grant.endedAt === undefined)
    throw new TypeError(`grant ${grant.id} has not ended`);
  return grantRecord(endTypes[grant.state], grant, configuration, {
    by: grant.endedBy,
    reason: grant.endReason,
    ended_at: new Date(grant.endedAt).toISOString(),
    ...begunDetail(grant),
    recorded_late: true,
  });
}

/** The record of a closing that only the store knew of; who closed it stands in its reason. */
export function closingRecord(request: AccessRequest, configuration: string, by: RecordPrincipal): NewRecord {
  const { state } = request;
  if (state !== "refused" && state !== "withdrawn" && state !== "timed_out")
    throw new TypeError(`request ${request.id} is ${state}`);
  return requestRecord(
    closingTypes[state],
    request,
    configuration,
    {
      reason: request.reasons.join("; "),
      at: new Date(request.decidedAt ?? 0).toISOString(),
      asked_at: new Date(request.createdAt).toISOString(),
      recorded_late: true,
    },
    state === "withdrawn" ? recordPrincipal(request.requester) : by,
  );
}

/** The record of a lock-down that only the store, or the journal, knew of, or that is still in force. */
export function lockdownRecord(lockdown: Lockdown, configuration: string): NewRecord {
  return {
    type: "lockdown.started",
    principal: system,
    configuration,
    detail: {
      by: lockdown.by,
      reason: lockdown.reason,
      since: new Date(lockdown.since).toISOString(),
      recorded_late: true,
    },
  };
}

/**
 * Appends records and waits until they are on the disk.
 * @param happened what the reader of a failure must know, for example "nothing has changed"
 * @param unsure called before it throws when the records may be on the disk all the same
 * @throws log_unavailable
 */
export async function write(
  log: AuditLog,
  records: readonly NewRecord[],
  happened: string,
  unsure?: () => void,
): Promise<void> {
  let appended = false;
  try {
    for (const record of records) log.append(record);
    appended = true;
    await log.sync();
  } catch (error) {
    if (appended) unsure?.();
    throw logUnavailable(error, happened);
  }
}
