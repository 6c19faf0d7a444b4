import { protocolAct } from "@mayfly/sdk/act-words";
import { formatDuration } from "@mayfly/sdk/formats";
import type { AuditRecord } from "@mayfly/sdk";

type Detail = Readonly<Record<string, unknown>>;

const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
const object = (value: unknown): Detail =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Detail) : {};
const joined = (parts: readonly (string | undefined)[], by = ", "): string =>
  parts.filter((part) => part !== undefined && part !== "").join(by);
const counted = (value: unknown, one: string): string | undefined =>
  typeof value === "number" ? `${value.toLocaleString("en")} ${one}${value === 1 ? "" : "s"}` : undefined;

const list = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];

/** Whom a signal is about, by the name that its sender used. */
function subjectOf(detail: Detail): string | undefined {
  const subject = object(detail["subject"]);
  const named = ["login", "uid", "client", "name", "id"].map((member) => text(subject[member]));
  return named.find((name) => name !== undefined);
}

/** What a signal does here. */
function effectOf(detail: Detail): string {
  const reached = ["grants", "requests", "sessions"].flatMap((member) => list(detail[member]));
  const what = reached.length === 0 ? "nothing" : reached.join(", ");
  switch (detail["effect"]) {
    case "end":
      return `ends ${what}`;
    case "judge_again":
      return "what they hold is judged again";
    case "refresh":
      return "what is cached about them is fetched again";
    default:
      return "no effect";
  }
}

/** What a signal says, of whom, and what it does. */
function signalOf(detail: Detail): string {
  const channel = text(detail["channel"])?.replaceAll("_", " ");
  const subject = subjectOf(detail);
  const group = text(object(detail["group"])["name"]) ?? text(object(detail["group"])["id"]);
  const said = joined(
    [
      text(detail["event"]),
      subject === undefined ? undefined : `of ${subject}`,
      group === undefined ? undefined : `(group ${group})`,
    ],
    " ",
  );
  return joined([said, channel === undefined ? undefined : `by ${channel}`, effectOf(detail)]);
}

/** Who or what approved a request, and why. */
function approvedOf(detail: Detail): string | undefined {
  if (detail["by"] === "policy") {
    const why = joined(list(detail["reasons"]), "; ");
    // Records of 0.1.0 say `permitted by policy`, or nothing.
    return why.includes("permitted automatically by ") ? why : joined(["automatically", why], ": ");
  }
  const by = list(detail["by"]);
  return by.length === 0 ? undefined : joined([`by ${by.join(", ")}`, partOf(detail["allowed"])], ": ");
}

/** What was too long for a record stands beside the log. */
function keptOf({ payload, bytes }: Detail): string | undefined {
  if (text(payload) === undefined) return undefined;
  return joined([`kept beside the log as ${text(payload) ?? ""}`, counted(bytes, "byte")]);
}

/** What was sent: the statement, or the digest of one that was shown before, and its bind values. */
function actOf(detail: Detail): string | undefined {
  const act = object(detail["act"]);
  const sql = text(act["sql"]);
  const digest = text(act["sha256"]);
  const statement =
    sql ??
    keptOf(act) ??
    keptOf(detail) ??
    (digest === undefined ? protocolAct(act) : `statement ${digest.slice(0, 12)}…, as above`);
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

/** What the target goes on with, of a session that is over. */
function stillRunningOf(detail: Detail): string | undefined {
  const { process } = object(detail["still_running"]);
  return typeof process === "number" ? `STILL RUNNING on the target in process ${process}` : undefined;
}

/** What a reviewer allowed, where it is less than was asked for. */
function partOf(allowed: unknown): string | undefined {
  const { operations, ttl_ms: ms } = object(allowed);
  if (!Array.isArray(operations) || typeof ms !== "number") return undefined;
  return `${operations.join(", ")} for ${formatDuration(ms)}`;
}

/** The logs that share the store: a log's name is what its first key begins with. */
function logsOf({ count, logs }: Detail): string | undefined {
  const names = list(logs).map((key) => key.split("+")[0]);
  if (typeof count !== "number" || names.length === 0) return undefined;
  const left = count - names.length;
  return `the store is shared by ${joined([names.join(", "), left > 0 ? `and ${left} more` : undefined])}`;
}

function recordsOf({ records }: Detail): string | undefined {
  const held = counted(records, "record");
  return held === undefined ? undefined : `${held} when it was last heard of`;
}

/** What a host was found to have beside the gateway. */
function probedOf(detail: Detail): string | undefined {
  const { connections, open: count, credentials, found } = detail;
  if (text(detail["host"]) === undefined) return keptOf(detail);
  const verdicts = (Array.isArray(connections) ? connections : []).map((each: unknown) => {
    const { connection, verdict } = object(each);
    return `${text(connection) ?? ""} ${(text(verdict) ?? "").replaceAll("_", " ")}`;
  });
  const { open } = object(found);
  const ways = (Array.isArray(open) ? open : []).map((each: unknown) => {
    const { by, to } = object(each);
    return `${text(by) ?? ""}: ${text(to) ?? ""}`;
  });
  const named = ways.length === 0 ? keptOf(object(found)) : joined(ways);
  return joined(
    [
      joined([text(detail["host"]), text(detail["address"])], " at "),
      text(detail["verdict"]),
      joined(verdicts),
      count === 0 ? undefined : joined([`${counted(count, "way") ?? ""} OPEN`, named], ": "),
      credentials === 0 ? undefined : counted(credentials, "standing credential"),
    ],
    "; ",
  );
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
      return act === undefined
        ? undefined
        : `${act}  -- refused: ${(text(detail["message"]) ?? "").replace(/^refused: /, "")}`;
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
    case "log.listed":
      return logsOf(detail);
    case "log.retired":
      return joined([text(detail["name"]), recordsOf(detail), reason]);
    case "log.returned":
      return text(detail["name"]);
    case "sign_out":
      return reason;
    case "signal.received":
      return signalOf(detail);
    case "signal.refused":
      return joined([
        text(detail["why"]),
        text(detail["channel"])?.replaceAll("_", " "),
        text(detail["address"]) === undefined ? undefined : `from ${text(detail["address"]) ?? ""}`,
        typeof detail["left_out_before"] === "number"
          ? `${detail["left_out_before"]} more left out before`
          : undefined,
      ]);
    case "authentication.refused":
      return joined(
        [
          text(detail["code"]),
          text(detail["endpoint"]) === undefined ? undefined : `at ${text(detail["endpoint"]) ?? ""}`,
          text(detail["address"]) === undefined ? undefined : `from ${text(detail["address"]) ?? ""}`,
        ],
        " ",
      );
    case "request.approved":
      return approvedOf(detail);
    case "request.denied":
      return joined(
        [reason === undefined ? undefined : `"${reason}"`, joined(list(detail["reasons"]), "; ")],
        ": ",
      );
    case "grant.collected":
      return text(detail["by"]) === undefined ? undefined : `the secret, by ${text(detail["by"]) ?? ""}`;
    case "configuration.loaded":
      return joined([text(detail["file"]), joined(list(detail["changes"]), "; ")], ": ");
    case "configuration.refused":
      // One text, lines and all, before 0.2.0.
      return joined([text(detail["file"]), text(detail["why"]) ?? joined(list(detail["why"]), " · ")], ": ");
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
    case "lease.refused_to":
      return joined(["tried to renew the lease", text(detail["why"])], ": ");
    case "probe.offered":
      return joined([text(detail["probe"]), `of ${joined(list(detail["connections"]))}`]);
    case "probe.started":
      return joined([
        text(detail["probe"]),
        `told the addresses of ${joined(list(detail["connections"]))}`,
        text(detail["address"]) === undefined ? undefined : `from ${text(detail["address"]) ?? ""}`,
      ]);
    case "probe.refused":
      return joined([
        text(detail["probe"]),
        text(detail["reason"])?.replaceAll("_", " "),
        text(detail["address"]) === undefined ? undefined : `from ${text(detail["address"]) ?? ""}`,
      ]);
    case "path.probed":
      return probedOf(detail);
    case "request.escalated":
      return Array.isArray(detail["to"]) ? `to ${detail["to"].join(", ")}` : undefined;
    case "break_glass.reviewed":
      return text(detail["note"]);
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
        stillRunningOf(detail),
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
