import type { AuditRecord } from "../../audit/records.ts";
import { readTraceparent, type TraceParent } from "../../kernel/traceparent.ts";
import { actSpanId, spanIdOf, traceOf } from "./ids.ts";
import { commonOf, spanOf, type Span } from "./span.ts";

type Mapping = Readonly<Record<string, unknown>>;

/** An act as its span says it: by OpenTelemetry's semantic conventions, without a statement's text, a path or a query. */
export interface ToldAct {
  readonly protocol: "database" | "http" | "kubernetes" | "exec" | "mcp";
  /** What comes first in the span's name: a word that the protocol fixes, never one that an agent chose. */
  readonly verb: string;
  readonly attributes: Mapping;
}

/** What an intent's record gives to the span of its act. */
export interface BegunAct extends ToldAct {
  readonly at: number;
  /** The span that the agent sent with this act: its word, and so a link. */
  readonly asker: TraceParent | undefined;
  readonly operation: unknown;
}

/** Methods by RFC 9110 and RFC 5789; any other is `_OTHER` (conventions for HTTP, `http.request.method`). */
const methods = new Set(["CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE"]);
/** Statements by their first word: anything else could be a value. */
const statements =
  /^(?:select|with|values|table|insert|update|delete|merge|copy|call|truncate|refresh|lock|listen|notify|unlisten|fetch|move|close|declare|begin|start|commit|rollback|savepoint|release|end|abort|set|show|reset|explain|prepare|execute|deallocate|discard|create|drop|alter|analyze)$/i;

/** What servers are asked over MCP by clients (MCP 2025-11-25, "Schema Reference"); a denied message may name any other. */
const mcpMethods = new Set([
  "completion/complete",
  "initialize",
  "logging/setLevel",
  "ping",
  "prompts/get",
  "prompts/list",
  "resources/list",
  "resources/read",
  "resources/subscribe",
  "resources/templates/list",
  "resources/unsubscribe",
  "tools/call",
  "tools/list",
]);
/** What may be done in Kubernetes, as its authorisation names it (Kubernetes: "Authorization Overview", request verbs). */
const kubernetesVerbs = new Set([
  "connect",
  "create",
  "delete",
  "deletecollection",
  "get",
  "list",
  "patch",
  "update",
  "watch",
]);

const isText = (value: unknown): value is string => typeof value === "string";

/** The kind of a statement, from its text or from a command's tag; undefined: none that is known. */
function statementOf(text: unknown): string | undefined {
  const [word = ""] = isText(text) ? (/[a-z]+/i.exec(text) ?? []) : [];
  return statements.test(word) ? word.toUpperCase() : undefined;
}

function toldAct(act: Mapping): ToldAct {
  const { sql, kind, verb, method, path, tool, prompt, discovery } = act;
  if (sql !== undefined || (kind !== undefined && method === undefined)) {
    const name = statementOf(sql);
    return {
      protocol: "database",
      verb: name ?? "statement",
      attributes: { "db.system.name": "postgresql", "db.operation.name": name },
    };
  }
  if (isText(verb)) {
    const { resource, subresource, namespace, name, argv } = act;
    const what = isText(resource) ? [resource, subresource].filter(isText).join("/") : "discovery";
    return {
      protocol: argv === undefined ? "kubernetes" : "exec",
      verb: argv !== undefined ? "exec" : kubernetesVerbs.has(verb) ? verb : "request",
      attributes: {
        "k8s.namespace.name": namespace,
        ...(resource === "pods" ? { "k8s.pod.name": name } : {}),
        "mayfly.kubernetes.verb": verb,
        "mayfly.kubernetes.resource": discovery === undefined ? what : undefined,
      },
    };
  }
  if (isText(method) && (path !== undefined || act["target"] !== undefined)) {
    const known = methods.has(method);
    return {
      protocol: "http",
      verb: known ? method : "HTTP",
      attributes: {
        "http.request.method": known ? method : "_OTHER",
        "http.request.method_original": known ? undefined : method,
      },
    };
  }
  return {
    protocol: "mcp",
    verb: isText(method) && mcpMethods.has(method) ? method : "message",
    attributes: {
      "mcp.method.name": method,
      "gen_ai.operation.name": tool === undefined ? undefined : "execute_tool",
      "gen_ai.tool.name": tool,
      "gen_ai.prompt.name": prompt,
    },
  };
}

/** @param record an intent, or a denial */
export function begunAct({ detail, time }: AuditRecord): BegunAct {
  const { act, operation } = detail;
  const mapping = (typeof act === "object" && act !== null ? act : {}) as Mapping;
  return {
    ...toldAct(mapping),
    at: Date.parse(time),
    asker: readTraceparent(mapping["traceparent"]),
    operation,
  };
}

interface Told {
  readonly attributes: Mapping;
  readonly error: string | undefined;
}

/** What came of an act. */
function outcomeOf({ detail }: AuditRecord, { protocol }: ToldAct): Told {
  const { error, status, rows, tag, bytes } = detail;
  const code = isText(error) ? error : undefined;
  const size = { "mayfly.answer.bytes": bytes };
  if (protocol === "database") {
    const operation = statementOf(tag);
    return {
      attributes: {
        ...size,
        // What the server says that it did is more than the text's first word.
        ...(operation === undefined ? {} : { "db.operation.name": operation }),
        "db.response.status_code": code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? code : undefined,
        "db.response.returned_rows": rows,
      },
      error: code,
    };
  }
  if (protocol === "exec") {
    const failed = typeof status === "number" && status !== 0 ? `exit_${status}` : undefined;
    return { attributes: { ...size, "process.exit.code": status }, error: code ?? failed };
  }
  // A client's span fails from 400 on (conventions for HTTP, "Status").
  const failed = typeof status === "number" && status >= 400 ? String(status) : undefined;
  return { attributes: { ...size, "http.response.status_code": status }, error: code ?? failed };
}

/** An act whose record was read, its session's trace, and the log that it is in. */
export interface ActPlace {
  readonly log: { readonly id: string; readonly name: string };
  /** What came with the request, as the session's opening record says it. */
  readonly traceparent: unknown;
}

/** @param record of the outcome, the denial or the session's end; @param seq of the act's own record */
function actSpan(
  record: AuditRecord,
  seq: number,
  begun: BegunAct,
  { log, traceparent }: ActPlace,
  told: Told,
): readonly Span[] {
  const { request, session } = record;
  if (request === undefined || session === undefined) return [];
  const { traceId } = traceOf(request, traceparent);
  const attributes = {
    ...commonOf(record, log.name),
    "mayfly.record": `${log.name}:${seq}`,
    "mayfly.operation": begun.operation,
    "peer.service": record.connection,
    ...begun.attributes,
    ...told.attributes,
  };
  const { connection = "" } = record;
  const operation = told.attributes["db.operation.name"];
  return [
    spanOf({
      traceId,
      spanId: actSpanId(log.id, seq),
      // Nobody vouches for what an agent says of its act's place: it must not lead the act out of its session.
      parentSpanId: spanIdOf("session", session),
      name: `${isText(operation) ? operation : begun.verb} ${connection}`.trim(),
      kind: "client",
      start: begun.at,
      end: Date.parse(record.time),
      attributes,
      link: begun.asker,
      error: told.error,
    }),
  ];
}

/** The span of an act that has its outcome. @param begun undefined where its intent is in the archive */
export function outcomeSpans(
  record: AuditRecord,
  begun: BegunAct | undefined,
  place: ActPlace,
): readonly Span[] {
  const { intent } = record.detail;
  if (typeof intent !== "number") return [];
  const known = begun ?? begunAct(record);
  return actSpan(record, intent, known, place, outcomeOf(record, known));
}

/** The span of an act that was denied: it went nowhere. */
export function denialSpans(record: AuditRecord, place: ActPlace): readonly Span[] {
  const attributes = { "mayfly.decision": "deny", "mayfly.rule": record.detail["rule"] };
  return actSpan(record, record.seq, begunAct(record), place, { attributes, error: "denied" });
}

/** The span of an act whose outcome nobody knows: a killed gateway's. @param closed the session's last record */
export function unknownSpans(
  closed: AuditRecord,
  seq: number,
  begun: BegunAct,
  place: ActPlace,
): readonly Span[] {
  const attributes = { "mayfly.outcome": "unknown" };
  return actSpan(closed, seq, begun, place, { attributes, error: "outcome_unknown" });
}
