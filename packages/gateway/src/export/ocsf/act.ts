import type { AuditRecord } from "../../audit/records.ts";
import { isMapping, textOf, type Mapping } from "./values.ts";

/** What an act is in the schema's words. */
export interface ToldAct {
  readonly as: "api" | "datastore";
  readonly activity: readonly [id: number, name: string];
  readonly members: Mapping;
}

const OTHER = 99;

/** Datastore Activity, by the first word of a statement. */
const statements: Readonly<Record<string, readonly [number, string]>> = {
  select: [4, "Query"],
  with: [4, "Query"],
  table: [4, "Query"],
  insert: [5, "Write"],
  copy: [5, "Write"],
  merge: [2, "Update"],
  update: [2, "Update"],
  delete: [7, "Delete"],
  truncate: [7, "Delete"],
};

/** API Activity, by an HTTP method or a verb of Kubernetes. */
const calls: Readonly<Record<string, readonly [number, string]>> = {
  post: [1, "Create"],
  create: [1, "Create"],
  get: [2, "Read"],
  head: [2, "Read"],
  list: [2, "Read"],
  watch: [2, "Read"],
  put: [3, "Update"],
  patch: [3, "Update"],
  update: [3, "Update"],
  delete: [4, "Delete"],
  deletecollection: [4, "Delete"],
};

/** The activity, or what it is called where the schema has none for it. */
function activityOf(
  among: Readonly<Record<string, readonly [number, string]>>,
  word: string,
): readonly [number, string] {
  const name = word.toLowerCase();
  return (
    (Object.hasOwn(among, name) ? among[name] : undefined) ?? [
      OTHER,
      word === "" ? "other" : word.slice(0, 64),
    ]
  );
}

function ofStatement(record: AuditRecord, sql: unknown): ToldAct {
  // A text that is not in the record (a digest, a payload beside the log) is known by that.
  const text = typeof sql === "string" ? sql : JSON.stringify(sql);
  const [word = ""] = typeof sql === "string" ? (/[a-z]+/i.exec(sql) ?? []) : [];
  return {
    as: "datastore",
    activity: activityOf(statements, word),
    members: {
      database: { name: record.connection ?? "unknown", type: "Relational", type_id: 1 },
      query_info: { uid: String(record.seq), query_string: text },
    },
  };
}

/** Over HTTP, Kubernetes or MCP: what was called, and where. */
function operationOf(act: Mapping): { readonly word: string; readonly operation: string } {
  const { verb, method, path, tool } = act;
  if (typeof verb === "string") {
    const parts = [act["resource"], act["subresource"]].filter((part) => typeof part === "string");
    return { word: verb, operation: `${verb} ${parts.join("/")}`.trim() };
  }
  if (typeof path === "string") return { word: textOf(method), operation: `${textOf(method)} ${path}` };
  if (typeof tool === "string") return { word: "", operation: `${textOf(method)} ${tool}` };
  return { word: "", operation: textOf(method) };
}

function ofCall(record: AuditRecord, act: Mapping): ToldAct {
  const { word, operation } = operationOf(act);
  const { path, method, query } = act;
  return {
    as: "api",
    activity: activityOf(calls, word),
    members: {
      api: {
        operation: operation === "" ? record.type : operation,
        request: { uid: String(record.seq) },
        ...(record.connection === undefined ? {} : { service: { name: record.connection } }),
      },
      ...(typeof path === "string"
        ? {
            http_request: {
              http_method: textOf(method),
              url: { path, ...(typeof query === "string" ? { query_string: query } : {}) },
            },
          }
        : {}),
    },
  };
}

/** What came of an act; its intent, of the number that it names, says what it was. */
function ofOutcome(record: AuditRecord): ToldAct {
  const { tag, error, intent } = record.detail;
  if (tag !== undefined)
    return {
      as: "datastore",
      activity: [OTHER, "Outcome"],
      members: { database: { name: record.connection ?? "unknown", type: "Relational", type_id: 1 } },
    };
  return {
    as: "api",
    activity: [OTHER, "Outcome"],
    members: {
      api: {
        operation: "outcome",
        request: { uid: textOf(intent) || String(record.seq) },
        ...(record.connection === undefined ? {} : { service: { name: record.connection } }),
        ...(textOf(error) === "" ? {} : { response: { error: textOf(error) } }),
      },
    },
  };
}

export function toldAct(record: AuditRecord): ToldAct {
  if (record.type === "act.outcome") return ofOutcome(record);
  const { act } = record.detail;
  if (!isMapping(act)) return ofCall(record, {});
  return "sql" in act ? ofStatement(record, act["sql"]) : ofCall(record, act);
}
