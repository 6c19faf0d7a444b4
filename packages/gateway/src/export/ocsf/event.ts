import { isIP } from "node:net";
import type { AuditRecord, RecordPrincipal } from "../../audit/records.ts";
import type { Exporter } from "../exporter.ts";
import { toldAct } from "./act.ts";
import { activities, classes, OCSF_VERSION, severities, tellings, type Telling } from "./classes.ts";
import { textOf, type Mapping } from "./values.ts";

/** The schema has no type of user for an agent. */
const userTypes = { agent: [99, "agent"], person: [1, "User"], system: [3, "System"] } as const;

function userOf(principal: RecordPrincipal | undefined): Mapping {
  if (principal === undefined) return { name: "unknown", type: "Unknown", type_id: 0 };
  const [type_id, type] = userTypes[principal.kind];
  return { uid: principal.subject, name: principal.name, domain: principal.issuer, type_id, type };
}

/** Where somebody is: their address, where the record says it; else the session that says it. */
function sourceOf({ detail, session, principal }: AuditRecord): Mapping {
  for (const address of [detail["address"], detail["client_address"]])
    if (typeof address === "string" && isIP(address) !== 0) return { ip: address };
  if (session !== undefined) return { uid: session };
  return { name: principal?.name ?? "unknown" };
}

/** What a record is about, as an entity. */
function entityOf(record: AuditRecord, kind: string, log: string): Mapping {
  const ids: Readonly<Record<string, string | undefined>> = {
    "access request": record.request,
    approval: textOf(record.detail["approval"]) || record.request,
    grant: record.grant,
    session: record.session,
    configuration: record.configuration,
    "audit log file": textOf(record.detail["file"]),
    "legal hold": textOf(record.detail["hold"]),
  };
  const uid = ids[kind];
  return { type: kind, type_id: 99, name: kind, uid: uid === undefined || uid === "" ? log : uid };
}

function privilegesOf({ connection, operations }: AuditRecord): Mapping {
  const of = connection ?? "unknown";
  return {
    privileges: (operations ?? []).map((operation) => `${of}/${operation}`),
    resources: [{ name: of, type: "connection" }],
  };
}

interface Told {
  readonly as: keyof typeof classes;
  readonly activity: readonly [number, string];
  readonly members: Mapping;
}

function told(record: AuditRecord, { as, activity, entity }: Telling, log: string): Told {
  if (as === "act") {
    const act = toldAct(record);
    return { ...act, members: { ...act.members, src_endpoint: sourceOf(record) } };
  }
  const named: readonly [number, string] = activity === undefined ? [99, record.type] : activities[activity];
  const user = userOf(record.principal);
  if (as === "entity")
    return { as, activity: named, members: { entity: entityOf(record, entity ?? record.type, log) } };
  if (as === "userAccess") return { as, activity: named, members: { user, ...privilegesOf(record) } };
  const members = {
    user,
    service: { name: record.connection ?? "mayfly" },
    src_endpoint: sourceOf(record),
    ...(record.session === undefined ? {} : { session: { uid: record.session } }),
  };
  return { as, activity: named, members };
}

/** How it ended: what was refused failed, and so did an act whose outcome is an error. */
function statusOf(record: AuditRecord, { failed }: Telling): Mapping {
  const { reason, rule, message, error } = record.detail;
  const isFailure =
    failed === true || (record.type === "act.outcome" && error !== undefined && error !== null);
  // That an act was let through does not tell how it ended.
  if (record.type === "act.intent") return { status_id: 99, status: "Permitted" };
  const detail = textOf(reason ?? message ?? error);
  return {
    status_id: isFailure ? 2 : 1,
    status: isFailure ? "Failure" : "Success",
    ...(typeof rule === "string" ? { status_code: rule } : {}),
    ...(detail === "" ? {} : { status_detail: detail }),
  };
}

/** What belongs together: an act and its outcome, or all that is about one request. */
function correlationOf({ type, detail, seq, request }: AuditRecord, log: string): string | undefined {
  const { intent } = detail;
  if (type === "act.outcome" && typeof intent === "number") return `${log}:${intent}`;
  return type === "act.intent" ? `${log}:${seq}` : request;
}

/**
 * A record as an event of the Open Cybersecurity Schema Framework. What the schema has no place for stands under
 * `unmapped`, as the log holds it.
 */
export function ocsfEvent(record: AuditRecord, { log, version }: Exporter): Mapping {
  const { seq, time, type, principal, session, ...rest } = record;
  // Types that this version does not know stand in logs of later ones.
  const telling: Telling = Object.hasOwn(tellings, type) ? tellings[type] : { as: "entity", entity: type };
  const { as, activity, members } = told(record, telling, log);
  const { uid: class_uid, name: class_name, category } = classes[as];
  const [activity_id, activity_name] = activity;
  const [severity_id, severity] = severities[telling.severity ?? "informational"];
  const category_uid = Math.floor(class_uid / 1000);
  const correlation = correlationOf(record, log);
  return {
    activity_id,
    activity_name,
    category_name: category,
    category_uid,
    class_name,
    class_uid,
    type_name: `${class_name}: ${activity_id === 99 ? "Other" : activity_name}`,
    type_uid: class_uid * 100 + activity_id,
    severity,
    severity_id,
    time: Date.parse(time),
    ...statusOf(record, telling),
    message: type,
    metadata: {
      version: OCSF_VERSION,
      product: { name: "Mayfly", vendor_name: "Mayfly", version },
      log_name: log,
      log_provider: "mayflyd",
      event_code: type,
      uid: `${log}:${seq}`,
      sequence: seq,
      ...(correlation === undefined ? {} : { correlation_uid: correlation }),
    },
    actor: {
      user: userOf(principal),
      ...(session === undefined ? {} : { session: { uid: session } }),
      ...(record.policy === undefined ? {} : { authorizations: [{ policy: { name: record.policy } }] }),
    },
    ...members,
    unmapped: { ...rest, ...(principal === undefined ? {} : { principal }) },
  };
}
