import type { RecordType } from "../../audit/records.ts";

// Which class of the Open Cybersecurity Schema Framework tells of which record. A class, an activity and a status each.

/** Version of the schema that events are written for. */
export const OCSF_VERSION = "1.8.0";

export const classes = {
  authentication: { uid: 3002, name: "Authentication", category: "Identity & Access Management" },
  entity: { uid: 3004, name: "Entity Management", category: "Identity & Access Management" },
  userAccess: { uid: 3005, name: "User Access Management", category: "Identity & Access Management" },
  api: { uid: 6003, name: "API Activity", category: "Application Activity" },
  datastore: { uid: 6005, name: "Datastore Activity", category: "Application Activity" },
} as const;

/** A class's activities by what they are called here. */
export const activities = {
  logon: [1, "Logon"],
  logoff: [2, "Logoff"],
  create: [1, "Create"],
  read: [2, "Read"],
  update: [3, "Update"],
  delete: [4, "Delete"],
  activate: [10, "Activate"],
  deactivate: [11, "Deactivate"],
  suspend: [12, "Suspend"],
  resume: [13, "Resume"],
  assign: [1, "Assign Privileges"],
  revoke: [2, "Revoke Privileges"],
} as const;

export const severities = {
  informational: [1, "Informational"],
  low: [2, "Low"],
  medium: [3, "Medium"],
  high: [4, "High"],
} as const;

/** What a record is told as. */
export interface Telling {
  /** `act`: a class and an activity by what was done. */
  readonly as: "authentication" | "entity" | "userAccess" | "act";
  readonly activity?: keyof typeof activities;
  readonly failed?: true;
  readonly severity?: keyof typeof severities;
  /** Of which kind the entity is. */
  readonly entity?: string;
}

const entity = (activity: keyof typeof activities, kind: string, more: Partial<Telling> = {}): Telling => ({
  as: "entity",
  activity,
  entity: kind,
  ...more,
});
const failed = { failed: true, severity: "medium" } as const;

/** One row a type of record. */
export const tellings: Readonly<Record<RecordType, Telling>> = {
  "log.opened": entity("activate", "audit log"),
  "log.closed": entity("deactivate", "audit log"),
  "log.recovered": entity("update", "audit log", { severity: "medium" }),
  "log.key_rotated": entity("update", "audit log", { severity: "low" }),
  "log.replaced": entity("create", "audit log", { severity: "high" }),
  "log.segment_dropped": entity("delete", "audit log file"),
  "log.hold_placed": entity("create", "legal hold"),
  "log.hold_lifted": entity("delete", "legal hold"),
  "log.listed": entity("update", "list of audit logs"),
  "log.retired": entity("deactivate", "audit log", { severity: "high" }),
  "log.returned": entity("activate", "audit log", { severity: "medium" }),
  "configuration.loaded": entity("update", "configuration", { severity: "low" }),
  "configuration.refused": entity("update", "configuration", failed),
  "authentication.refused": { as: "authentication", activity: "logon", ...failed },
  "sign_in.succeeded": { as: "authentication", activity: "logon" },
  "sign_in.refused": { as: "authentication", activity: "logon", ...failed },
  sign_out: { as: "authentication", activity: "logoff" },
  "signal.received": entity("update", "identity signal", { severity: "low" }),
  "signal.refused": entity("update", "identity signal", failed),
  "request.created": entity("create", "access request"),
  "request.denied": entity("create", "access request", failed),
  "request.approved": entity("update", "access request"),
  "request.refused": entity("update", "access request"),
  "request.withdrawn": entity("delete", "access request"),
  "request.timed_out": entity("delete", "access request"),
  "request.escalated": entity("update", "access request"),
  "approval.given": entity("create", "approval"),
  "approval.refused_to": entity("create", "approval", failed),
  "grant.activated": { as: "userAccess", activity: "assign" },
  "break_glass.activated": { as: "userAccess", activity: "assign", severity: "high" },
  "break_glass.reviewed": entity("update", "access request", { severity: "low" }),
  "grant.collected": entity("read", "grant"),
  "lease.refused_to": entity("update", "grant", failed),
  "grant.released": { as: "userAccess", activity: "revoke" },
  "grant.expired": { as: "userAccess", activity: "revoke" },
  "grant.revoked": { as: "userAccess", activity: "revoke", severity: "low" },
  "lockdown.started": entity("suspend", "gateway", { severity: "high" }),
  "lockdown.lifted": entity("resume", "gateway", { severity: "medium" }),
  "probe.offered": entity("create", "probe", { severity: "low" }),
  "probe.started": entity("activate", "probe", { severity: "low" }),
  "probe.refused": entity("activate", "probe", failed),
  "path.probed": entity("create", "probe report", { severity: "low" }),
  "store.reconciled": entity("update", "store", { severity: "low" }),
  "session.opened": { as: "authentication", activity: "logon" },
  "session.refused": { as: "authentication", activity: "logon", ...failed },
  "session.closed": { as: "authentication", activity: "logoff" },
  "session.ended_upstream": entity("deactivate", "session"),
  "act.intent": { as: "act" },
  "act.denied": { as: "act", ...failed },
  "act.outcome": { as: "act" },
};
