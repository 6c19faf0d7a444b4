import type { SeenAct } from "../../../gate/inventory/seen.ts";
import { isObject, type Members } from "../../../kernel/json-object.ts";
import { type KubernetesRequest, readRequest, type Unreadable } from "../request/read.ts";
import { bodyText } from "./audit-body.ts";

/** An event of an audit log that says how a request went. */
export interface AuditEvent {
  /** Whether the answer had only begun: an event may follow that says that it is complete. */
  readonly isBegun: boolean;
  /**
   * What another event of the same request says too. A client chooses the Audit-ID and may give it to many requests; the time
   * that the server received the request at is no client's choice. Undefined: the event has no Audit-ID.
   */
  readonly request: string | undefined;
  readonly outcome: AuditOutcome;
}

/** What an event tells of a request. */
export type AuditOutcome =
  | { readonly kind: "act"; readonly act: SeenAct }
  | { readonly kind: "failed" }
  | { readonly kind: "unread"; readonly why: string };

const MAX_TARGET_CHARACTERS = 16_384;
const MAX_NAME_CHARACTERS = 256;
export const NO_EVENT = "it is no event of an audit log";

const versionForm = /^audit\.k8s\.io\/v1(?:alpha1|beta1)?$/;
const levels: ReadonlySet<unknown> = new Set(["None", "Metadata", "Request", "RequestResponse"]);
const stages: ReadonlySet<unknown> = new Set([
  "RequestReceived",
  "ResponseStarted",
  "ResponseComplete",
  "Panic",
]);
const verbForm = /^[a-z]{1,32}$/;
/** What a path or a query holds (RFC 3986, sections 3.3 and 3.4), and the brackets that clients write in queries. */
const targetForm = /^\/[!$%&'()*+,\-./0-9:;=?@A-Z_a-z~[\]]*$/;
/** RFC 3339, as Go writes it. */
const timeForm = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** Methods by the verb that an audit log gives them; of what is no resource the verb is the method in small letters. */
const methods: ReadonlyMap<string, string> = new Map([
  ["get", "GET"],
  ["list", "GET"],
  ["watch", "GET"],
  ["create", "POST"],
  ["connect", "POST"],
  ["update", "PUT"],
  ["patch", "PATCH"],
  ["delete", "DELETE"],
  ["deletecollection", "DELETE"],
]);
/** Subresources over whose connection something else is spoken. */
const upgraded: ReadonlySet<string | undefined> = new Set(["exec", "attach", "portforward"]);

const unread = (why: string): AuditOutcome => ({ kind: "unread", why });
const membersOf = (value: unknown): Members => (isObject(value) ? value : {});
/** A text that is not empty. */
const textOf = (value: unknown): string | undefined =>
  typeof value === "string" && value !== "" ? value : undefined;

/** Whether an object is what the audit log's API calls by a kind, in any version. @param kind `Event` or `EventList` */
export const isOfKind = (members: Members, kind: "Event" | "EventList"): boolean =>
  members["kind"] === kind &&
  typeof members["apiVersion"] === "string" &&
  versionForm.test(members["apiVersion"]);

/**
 * Whether an object is an event. Those of a list need not say what they are, and who takes the lists of a webhook apart into
 * lines leaves it so: then the Audit-ID tells, which no other object has.
 */
export function isEvent(members: Members, isListed = false): boolean {
  const { kind, apiVersion } = members as { readonly kind?: unknown; readonly apiVersion?: unknown };
  if (apiVersion !== undefined)
    return isOfKind(kind === undefined ? { kind: "Event", apiVersion } : members, "Event");
  return (kind === undefined || kind === "Event") && (isListed || textOf(members["auditID"]) !== undefined);
}

/**
 * Reads an event (k8s.io/apiserver, pkg/apis/audit/v1, Event).
 * @param members of an event as JSON
 * @param isListed whether it stands in a list, where events need not say what they are
 * @returns undefined: it says nothing of how a request went; a text: why it is no event
 */
export function readEvent(members: Members, isListed = false): AuditEvent | string | undefined {
  if (!isEvent(members, isListed)) return NO_EVENT;
  const { level, stage } = members as { readonly level?: unknown; readonly stage?: unknown };
  if (!levels.has(level)) return "its level is none";
  if (!stages.has(stage)) return "its stage is none";
  if (level === "None" || stage === "RequestReceived") return undefined;
  return {
    isBegun: stage === "ResponseStarted",
    request: requestOf(members),
    outcome: outcomeOf(members),
  };
}

/** What all events of one request say. */
function requestOf(members: Members): string | undefined {
  const { auditID, requestURI, verb, requestReceivedTimestamp, timestamp } = members as Readonly<
    Record<"auditID" | "requestURI" | "verb" | "requestReceivedTimestamp" | "timestamp", unknown>
  >;
  if (textOf(auditID) === undefined) return undefined;
  const who = membersOf(members["user"])["username"];
  const as = membersOf(members["impersonatedUser"])["username"];
  const all = [auditID, requestURI, verb, who, as, requestReceivedTimestamp, timestamp];
  // What is no text tells no request from another.
  return JSON.stringify(all.map((each) => (typeof each === "string" ? each : null)));
}

/** The status of the answer; undefined: none is told. */
function statusOf(members: Members): number | undefined {
  const code = membersOf(members["responseStatus"])["code"];
  return typeof code === "number" && Number.isInteger(code) && code >= 100 && code <= 599 ? code : undefined;
}

function outcomeOf(members: Members): AuditOutcome {
  const status = statusOf(members);
  if (
    members["stage"] === "Panic" ||
    (status !== undefined && status >= 400 && !(status === 404 && isLook(members))) ||
    membersOf(members["annotations"])["authorization.k8s.io/decision"] === "forbid"
  )
    return { kind: "failed" };
  if (status === undefined) return unread("no status: nobody knows whether it worked");
  const target = textOf(members["requestURI"]);
  if (target === undefined) return unread("its request's URI is missing");
  const verb = textOf(members["verb"]);
  if (verb === undefined) return unread("its verb is missing");
  const by = doerOf(members);
  if (by === undefined) return unread("it does not say who made the request");
  if (by.length > MAX_NAME_CHARACTERS)
    return unread(`who made it is named with more than ${MAX_NAME_CHARACTERS} characters`);
  const at = timeOf(members);
  if (Number.isNaN(at)) return unread("its time is none");
  if (target.length > MAX_TARGET_CHARACTERS)
    return unread(`its request's URI is longer than ${MAX_TARGET_CHARACTERS} characters`);
  if (!targetForm.test(target)) return unread("its request's URI holds a character that no URI holds");
  if (!verbForm.test(verb)) return unread("its verb is none");
  const method = methods.get(verb) ?? verb.toUpperCase();
  const request = readRequest(method, target);
  if (!isSaidBy(verb, request)) return unread("its verb is not what its path says");
  const act = [`${method} ${target}`, ...linesOf(members, { method, status, request })].join("\n");
  return { kind: "act", act: at === undefined ? { act, by, times: 1 } : { act, by, at, times: 1 } };
}

/**
 * Whether it looks for one object. That there is none is an answer, on which clients rest: kubectl waits for it behind a delete,
 * and creates what it applies.
 */
function isLook({ verb, requestURI }: Members): boolean {
  if (verb !== "get") return false;
  const request = readRequest("GET", textOf(requestURI) ?? "");
  return (
    !("why" in request) &&
    request.kind === "resource" &&
    request.verb === "get" &&
    request.subresource === undefined
  );
}

/** Whoever somebody acts as is who does it. @returns undefined: it is not told */
function doerOf(members: Members): string | undefined {
  const as = members["impersonatedUser"];
  return textOf(membersOf(as ?? members["user"])["username"]);
}

/** Milliseconds since the epoch; undefined: it is not told; NaN: it is no time. Before version 1 it had another name. */
function timeOf(members: Members): number | undefined {
  const written = members["requestReceivedTimestamp"] ?? members["timestamp"] ?? undefined;
  if (written === undefined) return undefined;
  const parts = typeof written === "string" ? timeForm.exec(written) : null;
  if (parts === null) return Number.NaN;
  const [text, year, month, day] = parts;
  // A day that a month does not have is taken for one of the next.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const time = date.getUTCDate() === Number(day) ? Date.parse(text) : Number.NaN;
  return time >= 0 ? time : Number.NaN;
}

/** Whether a path means what the server's own reading of it was. */
function isSaidBy(verb: string, request: KubernetesRequest | Unreadable): boolean {
  if ("why" in request) return true;
  if (request.kind === "discovery") return verb === "get";
  // The server tells what is entered by its method; only its admission calls it so.
  return request.verb === "connect" || request.verb === verb;
}

interface Told {
  readonly method: string;
  readonly status: number;
  readonly request: KubernetesRequest | Unreadable;
}

/** What stands behind the first line of an act. */
function linesOf(members: Members, { method, status, request }: Told): readonly string[] {
  // What is refused whatever it writes needs no more.
  if ("why" in request || request.kind === "discovery") return [];
  if (request.verb === "connect") return upgraded.has(request.subresource) ? ["upgrade: websocket"] : [];
  const lines: string[] = [];
  const made = status === 201 && (method === "PUT" || method === "PATCH");
  const body = method === "GET" ? undefined : bodyOf(members, request, method);
  // The one PATCH that makes what is not there is an apply, and no other may say `force` (ValidatePatchOptions).
  const isApply = method === "PATCH" && (made || request.query.some(([name]) => name === "force"));
  const type = body === undefined ? (isApply ? APPLY : undefined) : typeOf(method, body, isApply);
  if (type !== undefined) lines.push(`content-type: ${type}`);
  if (made) lines.push("created: true");
  if (body !== undefined) lines.push("", body);
  return lines;
}

const APPLY = "application/apply-patch+yaml";

/** The type of a body; a log does not tell a merge patch from a strategic one. */
function typeOf(method: string, body: string, isApply: boolean): string {
  if (method !== "PATCH") return "application/json";
  if (body.startsWith("[")) return "application/json-patch+json";
  return isApply ? APPLY : "application/merge-patch+json";
}

type ResourceRequest = Extract<KubernetesRequest, { readonly kind: "resource" }>;

/** What was written, where it is shown and can be kept. */
function bodyOf(members: Members, request: ResourceRequest, method: string): string | undefined {
  const { level, requestObject: written } = members as Readonly<Record<"level" | "requestObject", unknown>>;
  if (level !== "Request" && level !== "RequestResponse") return undefined;
  const isSteps = method === "PATCH" && Array.isArray(written);
  if (!isObject(written) && !isSteps) return undefined;
  const { resource: referred } = membersOf(members["objectRef"]);
  const isOf = (resource: string): boolean => request.resource === resource || referred === resource;
  // It holds a credential that is to be looked at.
  if (isOf("tokenreviews")) return undefined;
  // How something is deleted says nothing of what was in it.
  const isSecret = method !== "DELETE" && (isOf("secrets") || membersOf(written)["kind"] === "Secret");
  return bodyText(isSteps ? (written as readonly unknown[]) : membersOf(written), isSecret);
}
