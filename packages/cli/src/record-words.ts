import type { AuditRecord } from "@mayfly/sdk";
import { duration } from "./print.ts";

type Detail = Readonly<Record<string, unknown>>;

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const object = (value: unknown): Detail =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Detail) : {};
const joined = (parts: readonly (string | undefined)[], by = ", "): string =>
  parts.filter((part) => part !== undefined && part !== "").join(by);
const counted = (value: unknown, one: string): string | undefined =>
  typeof value === "number" ? `${value.toLocaleString("en")} ${one}${value === 1 ? "" : "s"}` : undefined;

/** What was sent: the statement, or the digest of one that was shown before, and its bind values. */
function actOf(detail: Detail): string | undefined {
  const act = object(detail["act"]);
  const sql = text(act["sql"]);
  const digest = text(act["sha256"]);
  const statement = sql ?? (digest === undefined ? undefined : `statement ${digest.slice(0, 12)}…, as above`);
  if (statement === undefined) return undefined;
  const values = act["parameters"];
  return Array.isArray(values) && values.length > 0
    ? `${statement}  with ${JSON.stringify(values)}`
    : statement;
}

function outcomeOf(detail: Detail): string {
  const copied = object(detail["copied"]);
  return joined(
    [
      `#${String(detail["intent"])}:`,
      joined([
        text(detail["error"]) === undefined ? text(detail["tag"]) : `error ${String(detail["error"])}`,
        counted(detail["rows"], "row"),
        counted(detail["bytes"], "byte"),
        copied["bytes"] === undefined ? undefined : `${counted(copied["bytes"], "byte")} received`,
      ]),
    ],
    " ",
  );
}

/** What a reviewer allowed, where it is less than was asked for. */
function partOf(allowed: unknown): string | undefined {
  const { operations, ttl_ms: ms } = object(allowed);
  if (!Array.isArray(operations) || typeof ms !== "number") return undefined;
  return `${operations.join(", ")} for ${duration(ms / 1000)}`;
}

/**
 * A record's detail in words, for the types that people read most.
 * @returns undefined where the detail is better shown as it is
 */
export function wordsOf(record: AuditRecord): string | undefined {
  const detail = object(record.detail);
  const reason = text(detail["reason"]);
  switch (record.type) {
    case "act.intent":
      return actOf(detail);
    case "act.denied": {
      const act = actOf(detail);
      return act === undefined ? undefined : `${act}  -- refused: ${text(detail["message"]) ?? ""}`;
    }
    case "act.outcome":
      return detail["intent"] === undefined ? undefined : outcomeOf(detail);
    case "sign_in.succeeded": {
      const roles = detail["roles"];
      const as = Array.isArray(roles) && roles.length > 0 ? `as ${roles.join(", ")}` : "without a role";
      return `by ${text(detail["method"]) ?? ""} from ${text(detail["address"]) ?? ""}, ${as}`;
    }
    case "sign_in.refused":
      return `${text(detail["code"]) ?? ""}: ${text(detail["why"]) ?? ""} (by ${text(detail["method"]) ?? ""} from ${text(detail["address"]) ?? ""})`;
    case "sign_out":
      return reason;
    case "request.created":
      return joined([reason === undefined ? undefined : `"${reason}"`, text(detail["ttl"])]);
    case "approval.given":
      return joined(
        [
          text(detail["decision"]),
          partOf(detail["allowed"]),
          text(detail["comment"]) === "" ? undefined : `"${text(detail["comment"]) ?? ""}"`,
        ],
        " ",
      );
    case "approval.refused_to":
      return joined([`tried to ${text(detail["tried"]) ?? "decide"}`, text(detail["why"])], ": ");
    case "request.escalated":
      return Array.isArray(detail["to"]) ? `to ${detail["to"].join(", ")}` : undefined;
    case "break_glass.activated":
      return joined([`"${reason ?? ""}"`, text(detail["ttl"])]);
    case "grant.activated":
      return joined([
        text(detail["ttl"]),
        text(detail["ends_at"]) === undefined ? undefined : `until ${text(detail["ends_at"]) ?? ""}`,
      ]);
    case "session.opened":
      return joined([
        text(detail["protocol"]),
        text(detail["software"]),
        text(detail["address"]) === undefined ? undefined : `from ${text(detail["address"]) ?? ""}`,
        text(detail["by"]),
      ]);
    case "session.closed":
      return joined([
        counted(detail["acts"], "act"),
        typeof detail["denied"] === "number" ? `${detail["denied"]} denied` : undefined,
        typeof detail["unknown"] === "number" ? `${detail["unknown"]} unknown` : undefined,
        reason,
      ]);
    case "session.ended_upstream":
      return joined([
        reason,
        text(detail["what"]),
        detail["confirmed"] === true ? undefined : "not seen to be gone yet",
      ]);
    case "request.refused":
    case "request.withdrawn":
    case "request.timed_out":
    case "grant.released":
    case "grant.expired":
    case "grant.revoked":
    case "session.refused":
    case "lockdown.started":
    case "lockdown.lifted":
      return reason;
    default:
      return undefined;
  }
}
