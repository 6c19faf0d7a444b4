import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { type RequestInfo, requestInfo } from "./request-info.ts";

// Kubernetes: "Auditing", and the API reference of kube-apiserver's audit events (audit.k8s.io/v1).

/** An audit log, as an API server with `--audit-log-path` writes it. */
export interface AuditOptions {
  /** Takes one event, a line of JSON without its end. */
  readonly write: (line: string) => void;
  readonly level: "Metadata" | "Request" | "RequestResponse";
}

/** A request of which the log tells. */
export interface Audited {
  /** The request's rights were looked at. */
  decided(isAllowed: boolean): void;
  /** An answer has begun that goes on. Of what is answered at once nothing is said. */
  started(code: number): void;
  /** It was answered. Whatever comes after the first is left out. @param body as it was sent */
  completed(code: number, body?: unknown): void;
  /** Tells of what becomes of a response. */
  follow(response: ServerResponse): void;
}

type Members = Readonly<Record<string, unknown>>;

/** What may go on for long: an API server's own check asks for the verb and the subresource, not for `follow`. */
const lasting: ReadonlySet<string | undefined> = new Set(["attach", "exec", "proxy", "log", "portforward"]);

const isObject = (value: unknown): value is Members =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parsed(text: string): Members | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Now, in microseconds. */
function now(): string {
  const at = performance.timeOrigin + performance.now();
  const micros = String(Math.floor((at % 1) * 1000)).padStart(3, "0");
  return new Date(at).toISOString().replace("Z", `${micros}Z`);
}

function userOf(username: string, given: readonly string[] = []): Members {
  const [, namespace] = /^system:serviceaccount:([^:]+):[^:]+$/.exec(username) ?? [];
  const own =
    namespace === undefined ? [] : ["system:serviceaccounts", `system:serviceaccounts:${namespace}`];
  return { username, groups: [...(given.length > 0 ? given : own), "system:authenticated"] };
}

function impersonatedBy({ headers }: IncomingMessage): Members | undefined {
  const name = headers["impersonate-user"];
  if (name === undefined) return undefined;
  const groups = headers["impersonate-group"];
  return userOf(String(name), groups === undefined ? [] : String(groups).split(", "));
}

/** The object of a request. @param written what it writes, which names what its path does not */
function objectRefOf({ verb, resource: about }: RequestInfo, written: Members | undefined): Members {
  if (about === undefined) return {};
  const { resource, namespace, name, group, version, subresource } = about;
  // Of a patch, and of the options of a deletion, nothing is read.
  const isWhole = verb === "create" || verb === "update";
  const metadata = isWhole && isObject(written?.["metadata"]) ? written["metadata"] : {};
  const objectRef = {
    resource,
    namespace: namespace ?? metadata["namespace"],
    name: name ?? metadata["name"],
    uid: metadata["uid"],
    ...(group === "" ? {} : { apiGroup: group }),
    apiVersion: version,
    resourceVersion: metadata["resourceVersion"],
    subresource,
  };
  return { objectRef };
}

/** What is told of a body that was written. */
function requestObject(verb: string, written: Members | undefined): Members {
  if (written === undefined) return {};
  if (verb.startsWith("delete"))
    return { requestObject: { kind: "DeleteOptions", apiVersion: "meta.k8s.io/v1", ...written } };
  if (verb === "patch") return { requestObject: written };
  // An object is told as the server would write it, in which a time that nobody set stands as null.
  const metadata = isObject(written["metadata"]) ? written["metadata"] : {};
  return { requestObject: { ...written, metadata: { ...metadata, creationTimestamp: null } } };
}

function statusOf(code: number, answered: Members | undefined): Members {
  if (answered?.["kind"] !== "Status") return { metadata: {}, code };
  const { status, message, reason, details } = answered;
  return { metadata: {}, status, message, reason, details, code };
}

/** Tells of one request. @param username whose it is; undefined: nobody knows */
export function auditRequest(
  { level, write }: AuditOptions,
  request: IncomingMessage,
  username: string | undefined,
): Audited {
  const { method = "", url = "", headers, socket } = request;
  const info = requestInfo(method, url);
  const isLasting = info.verb === "watch" || lasting.has(info.resource?.subresource);
  const received = now();
  const id = headers["audit-id"];
  const auditID = typeof id === "string" && id !== "" ? id : randomUUID();
  const pieces: Buffer[] = [];
  let decision: string | undefined;
  let isOver = false;
  // Whoever answers reads the body too, and each of them is given all of it.
  if (headers.upgrade === undefined) request.on("data", (piece: Buffer) => pieces.push(piece));
  const emit = (stage: string, responseStatus?: Members, responseObject?: Members): void => {
    const isFirst = stage === "RequestReceived";
    const written = isFirst ? undefined : parsed(Buffer.concat(pieces).toString("utf8"));
    const event = {
      kind: "Event",
      apiVersion: "audit.k8s.io/v1",
      level,
      auditID,
      stage,
      requestURI: url,
      verb: info.verb,
      user: username === undefined ? {} : userOf(username),
      // Whom somebody acts as is looked at only once the request was logged.
      impersonatedUser: isFirst || username === undefined ? undefined : impersonatedBy(request),
      sourceIPs: [socket.remoteAddress ?? ""],
      userAgent: headers["user-agent"],
      ...objectRefOf(info, written),
      responseStatus,
      ...(level === "Metadata" || info.resource === undefined ? {} : requestObject(info.verb, written)),
      responseObject,
      requestReceivedTimestamp: received,
      stageTimestamp: isFirst ? received : now(),
      annotations:
        decision === undefined
          ? undefined
          : { "authorization.k8s.io/decision": decision, "authorization.k8s.io/reason": "" },
    };
    write(JSON.stringify(event));
  };
  const responded = (stage: string, code: number, answered: Members | undefined): void => {
    const isTold = level === "RequestResponse" && info.resource !== undefined && answered !== undefined;
    emit(stage, statusOf(code, answered), isTold ? answered : undefined);
  };
  let hasStarted = false;
  const started = (code: number, answered?: Members): void => {
    if (!isLasting || hasStarted) return;
    hasStarted = true;
    responded("ResponseStarted", code, answered);
  };
  const completed = (code: number, sent?: unknown): void => {
    if (isOver) return;
    isOver = true;
    const answered = typeof sent === "string" ? parsed(sent) : undefined;
    // Who comes as nobody is told of as soon as the refusal begins, and no more.
    if (username === undefined) return responded("ResponseStarted", code, answered);
    started(code, answered);
    responded("ResponseComplete", code, answered);
  };
  if (username !== undefined) emit("RequestReceived");
  return {
    started,
    completed,
    decided(isAllowed) {
      decision = isAllowed ? "allow" : "forbid";
    },
    follow(response) {
      response.setHeader("audit-id", auditID);
      const end = response.end.bind(response) as (...all: readonly unknown[]) => ServerResponse;
      const flush = response.flushHeaders.bind(response);
      response.flushHeaders = () => {
        started(response.statusCode);
        flush();
      };
      // What is answered is in the log before its client can know.
      response.end = ((...all: readonly unknown[]) => {
        completed(response.statusCode, all[0]);
        return end(...all);
      }) as ServerResponse["end"];
      response.once("close", () => completed(response.statusCode));
    },
  };
}
