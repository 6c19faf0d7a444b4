import type { AuditRecord } from "../../audit/records.ts";
import type { Approval } from "../types.ts";

const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** The id of a recorded approval. */
export function approvalIn({ detail }: AuditRecord): string | undefined {
  return detail["decision"] === "approve" ? textOf(detail["approval"]) : undefined;
}

/** A recorded refusal, as the store keeps it. */
export function refusalIn({ detail, principal, time }: AuditRecord): Approval | undefined {
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
