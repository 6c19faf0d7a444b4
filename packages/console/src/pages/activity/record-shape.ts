import type { AuditRecord } from "@mayfly/sdk/browser";

/**
 * Whether a value has the shape of a record, as far as it is drawn. A line that is proven is what the log holds,
 * whatever that is; a page must not fail over it.
 */
export function isRecordShaped(value: unknown): value is AuditRecord {
  if (!isObject(value)) return false;
  const { seq, time, type, detail, principal, connection, operations } = value;
  return (
    typeof seq === "number" &&
    typeof time === "string" &&
    !Number.isNaN(Date.parse(time)) &&
    typeof type === "string" &&
    isObject(detail) &&
    (principal === undefined ||
      (isObject(principal) && typeof principal["name"] === "string" && isText(principal["person"]))) &&
    isText(connection) &&
    (operations === undefined ||
      (Array.isArray(operations) && operations.every((name) => typeof name === "string")))
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}
