import { randomUUID } from "node:crypto";

/** What an event is about: an id of Okta's, and a login only as `alternateId`. */
export interface EventTarget {
  readonly id: string;
  /** Okta's own word: User, UserGroup, AppInstance, AppUser, WorkloadPrincipal … */
  readonly type: string;
  readonly alternateId?: string;
  readonly displayName?: string;
  readonly detailEntry?: Record<string, unknown>;
}

/** An event as the System Log and event hooks have it. */
export interface OrgEvent {
  readonly uuid: string;
  readonly published: string;
  readonly eventType: string;
  readonly [member: string]: unknown;
}

/** What may be said of an event beside its type and targets. */
export interface EventDetails {
  /** When it happened, milliseconds since the epoch; now when left out. */
  readonly at?: number;
  readonly outcome?: "SUCCESS" | "FAILURE";
  /** Other members, or other values of these. */
  readonly members?: Record<string, unknown>;
}

/** Makes an event. */
export function orgEvent(
  eventType: string,
  targets: readonly EventTarget[],
  { at = Date.now(), outcome = "SUCCESS", members = {} }: EventDetails = {},
): OrgEvent {
  return {
    uuid: randomUUID(),
    published: new Date(at).toISOString(),
    eventType,
    version: "0",
    severity: "INFO",
    displayMessage: eventType,
    legacyEventType: null,
    actor: {
      id: "00uStandInAdmin",
      type: "User",
      alternateId: "admin@example.com",
      displayName: "Stand-in administrator",
      detailEntry: null,
    },
    outcome: { result: outcome, reason: null },
    target: targets.map((target) => ({
      alternateId: target.id,
      displayName: target.id,
      detailEntry: null,
      ...target,
    })),
    transaction: { type: "WEB", id: randomUUID(), detail: {} },
    debugContext: { debugData: {} },
    authenticationContext: { authenticationStep: 0, externalSessionId: "unknown" },
    securityContext: {},
    client: { ipAddress: "127.0.0.1", zone: "null", device: "Unknown", id: null },
    request: { ipChain: [] },
    ...members,
  };
}

/** The event types that may stand in an event hook; of the others only the System Log tells. */
const eligible: readonly RegExp[] = [
  /^user\.lifecycle\.(suspend|deactivate|unsuspend|activate|reactivate|delete\.initiated)$/,
  /^user\.account\.(lock|unlock|update_password|reset_password)$/,
  /^user\.session\.(clear|end|start)$/,
  /^user\.authentication\.universal_logout$/,
  /^user\.risk\.(change|detect)$/,
  /^group\.user_membership\.(add|remove)$/,
  /^group\.lifecycle\.(create|delete)$/,
  /^group\.application_assignment\.(add|remove|update)$/,
  /^application\.lifecycle\.(create|update|activate|deactivate|delete)$/,
  /^application\.user_membership\.(add|remove|update)$/,
  /^workload_principal\./,
  /^resource_servers\.(mcp_server|virtual_mcp_server|a2a_server|api_server)\./,
];

/** Whether an event type may stand in an event hook (Okta's event-type catalogue). */
export function isHookEligible(eventType: string): boolean {
  return eligible.some((pattern) => pattern.test(eventType));
}
