import type { AuditRecord } from "../../audit/records.ts";
import type { Approval } from "../types.ts";

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** The id of a yes on record. */
export function yesOf({ detail }: AuditRecord): string | undefined {
  return detail["decision"] === "approve" ? textOf(detail["approval"]) : undefined;
}

/** A no on record, as the store keeps it. */
export function noOf({ detail, principal, time }: AuditRecord): Approval | undefined {
  if (detail["decision"] !== "refuse" || principal === undefined) return undefined;
  const { issuer, subject, name, uid } = principal;
  return {
    id: textOf(detail["approval"]),
    reviewer: { issuer, subject, name, ...(uid === undefined ? {} : { uid }) },
    decision: "refuse",
    comment: textOf(detail["comment"]),
    digest: textOf(detail["digest"]),
    at: Date.parse(time),
  };
}
