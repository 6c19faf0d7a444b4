import type { SeenAct } from "../../../../gate/inventory/seen.ts";
import { type AuditEvent, readEvent } from "../audit-event.ts";

/** The path of the events. */
export const PODS = "/api/v1/namespaces/shop/pods";
export const SECRETS = "/api/v1/namespaces/shop/secrets";
/** When they were received. */
export const at = Date.UTC(2026, 11, 2, 8, 19, 19, 123);

/** An event of a list of pods; a member that is undefined is left out. */
export function event(more: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const members = {
    kind: "Event",
    apiVersion: "audit.k8s.io/v1",
    level: "Metadata",
    auditID: "7a3b",
    stage: "ResponseComplete",
    requestURI: PODS,
    verb: "list",
    user: { username: "alice", groups: ["system:authenticated"] },
    sourceIPs: ["10.0.0.1"],
    objectRef: { resource: "pods", namespace: "shop", apiVersion: "v1" },
    responseStatus: { metadata: {}, code: 200 },
    requestReceivedTimestamp: "2026-12-02T08:19:19.123456Z",
    annotations: { "authorization.k8s.io/decision": "allow" },
    ...more,
  };
  return JSON.parse(JSON.stringify(members)) as Readonly<Record<string, unknown>>;
}

/** What an event tells that differs so from one of a list of pods. */
export const outcomeOf = (more: Readonly<Record<string, unknown>>): AuditEvent["outcome"] | undefined => {
  const read = readEvent(event(more));
  return typeof read === "string" ? { kind: "unread", why: read } : read?.outcome;
};

/** The act of an event that differs so. */
export function actOf(more: Readonly<Record<string, unknown>>): SeenAct {
  const outcome = outcomeOf(more);
  if (outcome?.kind !== "act") throw new Error(`no act: ${JSON.stringify(outcome)}`);
  return outcome.act;
}

/** The text of an act without its first line. */
export const behindLine = (more: Readonly<Record<string, unknown>>): string =>
  actOf({ level: "Request", ...more })
    .act.split("\n")
    .slice(1)
    .join("\n");
