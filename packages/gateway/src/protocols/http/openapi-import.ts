import { Names } from "../../gate/inventory/operation-names.ts";
import { follow, isObject, type Obj, standalone } from "./openapi-schema.ts";
import { problemOfListed } from "./request/headers.ts";
import { readTemplate } from "./request/template.ts";

/** One operation as an import writes it, for the operator to trim. */
export interface ImportedOperation {
  readonly name: string;
  readonly description?: string;
  readonly risk: "low" | "medium" | "high";
  readonly requests: readonly string[];
  readonly query?: readonly string[];
  readonly headers?: readonly string[];
  /** The body's JSON Schema, complete in itself; undefined where the document gives none. */
  readonly bodySchema?: unknown;
  readonly bodyTypes?: readonly string[];
}

/** What an import makes of a document. */
export interface Imported {
  /** The first server's URL, where it is absolute. */
  readonly url: string | undefined;
  readonly operations: readonly ImportedOperation[];
  /** What was left out, and why. */
  readonly notes: readonly string[];
}

const methods = ["get", "head", "post", "put", "patch", "delete", "options"] as const;
/** What a path item holds beside methods (OpenAPI 3.2, section 4.9). */
const besideMethods: ReadonlySet<string> = new Set([
  "$ref",
  "summary",
  "description",
  "servers",
  "parameters",
]);
const risks: Readonly<Record<string, ImportedOperation["risk"]>> = {
  get: "low",
  head: "low",
  options: "low",
  delete: "high",
};
function asObject(value: unknown): Obj {
  return isObject(value) ? value : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** A name for an operation: lower-case letters, digits and hyphens (`deleteInvoice` → `delete-invoice`). */
function nameOf(method: string, path: string, id: unknown): string {
  const source = typeof id === "string" && id !== "" ? id : `${method} ${path}`;
  const name = source
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .replace(/^(?=[^a-z])/, "op-");
  return name.slice(0, 60).replace(/-+$/, "") || method;
}

/**
 * Paths as templates: a parameter's name holds letters, digits and underscores.
 * @returns why there is none, where a template would say something else than the path
 */
function templateOf(path: string): { readonly template: string } | { readonly why: string } {
  const template = path.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    const plain = name.replaceAll(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d)/, "_");
    return `{${plain === "" ? "value" : plain}}`;
  });
  // A parameter that fills half a segment cannot be told from what stands beside it.
  if (!template.split("/").every((part) => !part.includes("{") || /^\{[^{}]+\}$/.test(part)))
    return { why: "a parameter fills half a segment" };
  const read = readTemplate(`GET ${template}`);
  if ("message" in read) return { why: read.message };
  return read.open ? { why: "** at its end would stand for any further segments" } : { template };
}

/**
 * Reads operations out of an OpenAPI 3 document: one operation an endpoint, no wider than the document says.
 * @param value the document, parsed
 */
export function importOpenApi(value: unknown): Imported {
  const document = asObject(value);
  const notes: string[] = [];
  const note = (text: string): void => {
    if (!notes.includes(text)) notes.push(text);
  };
  const operations: ImportedOperation[] = [];
  const names = new Names([]);
  const [server] = asList(document["servers"]);
  const url = asObject(server)["url"];
  for (const [path, written] of Object.entries(asObject(document["paths"]))) {
    if (path.startsWith("x-")) continue;
    const item = follow(document, written, (text) => note(`${path}: ${text}`));
    for (const name of Object.keys(item))
      if (!besideMethods.has(name) && !methods.some((method) => method === name) && !name.startsWith("x-"))
        note(`${path}: ${name} is left out, it is no method that can be granted`);
    for (const method of methods) {
      if (!(method in item)) continue;
      const operation = asObject(item[method]);
      const read = templateOf(path);
      if ("why" in read) {
        note(`${method.toUpperCase()} ${path}: left out, ${read.why}`);
        continue;
      }
      const name = names.take(nameOf(method, path, operation["operationId"]));
      if ("servers" in item || "servers" in operation)
        note(`${name}: its own servers are left out, it goes where all others go`);
      operations.push(
        imported(document, method, read.template, name, operation, asList(item["parameters"]), (text) =>
          note(`${name}: ${text}`),
        ),
      );
    }
  }
  if (operations.length === 0) note("the document holds no operation");
  return { url: typeof url === "string" && URL.canParse(url) ? url : undefined, operations, notes };
}

function imported(
  document: Obj,
  method: string,
  template: string,
  name: string,
  operation: Obj,
  shared: readonly unknown[],
  note: (text: string) => void,
): ImportedOperation {
  const parameters = [...shared, ...asList(operation["parameters"])].map((each) =>
    follow(document, each, note),
  );
  tellOfParameters(parameters, note);
  const named = (place: string): string[] => [
    ...new Set(
      parameters.flatMap((each) =>
        each["in"] === place && typeof each["name"] === "string" ? [each["name"]] : [],
      ),
    ),
  ];
  const headers = named("header").filter((header) => {
    if (/^(?:accept|content-type|authorization)$/i.test(header)) return false;
    const problem = problemOfListed(header);
    if (problem !== undefined) note(`the header ${header.slice(0, 80)} is left out: ${problem.message}`);
    return problem === undefined;
  });
  const content = contentOf(document, method, operation, note);
  const types = [...content.keys()];
  const json = types.find((type) => /[/+]json$/.test(type));
  if (types.length > 0 && json === undefined) note("its body is not JSON, and is not judged");
  const others = types.filter((type) => type !== json);
  if (json !== undefined && others.length > 0)
    note(`its body is ${json} alone; left out: ${others.join(", ").slice(0, 200)}`);
  const text = operation["summary"] ?? operation["description"];
  return {
    name,
    ...(typeof text === "string" ? { description: text.split("\n")[0]?.slice(0, 120) ?? "" } : {}),
    risk: risks[method] ?? "medium",
    requests: [`${method.toUpperCase()} ${template}`],
    query: named("query"),
    ...(headers.length === 0 ? {} : { headers }),
    ...(types.length === 0 ? {} : { bodyTypes: json === undefined ? types : [json] }),
    ...(json === undefined
      ? {}
      : {
          bodySchema: standalone(document, schemaOf(content.get(json), note), note),
        }),
  };
}

/** The types of a body, in lower case and without parameters, each with what the document says of it. */
function contentOf(
  document: Obj,
  method: string,
  operation: Obj,
  note: (text: string) => void,
): ReadonlyMap<string, unknown> {
  if (!("requestBody" in operation)) return new Map();
  if (method === "get" || method === "head") {
    note("its body is left out, GET and HEAD carry none");
    return new Map();
  }
  const content = asObject(follow(document, operation["requestBody"], note)["content"]);
  const found = new Map<string, unknown>();
  for (const [written, media] of Object.entries(content)) {
    const type = (written.split(";", 1)[0] ?? "").trim().toLowerCase();
    if (found.has(type)) note(`a further ${type.slice(0, 80)} among the types of its body is left out`);
    else found.set(type, media);
  }
  return found;
}

/** Keywords that say of a parameter no more than that it is a text. */
const anyText: ReadonlySet<string> = new Set([
  "description",
  "title",
  "default",
  "example",
  "examples",
  "deprecated",
]);

/** Of parameters their names are taken: what else the document says is told. */
function tellOfParameters(parameters: readonly Obj[], note: (text: string) => void): void {
  const bounded: string[] = [];
  for (const { name, in: place, schema, content } of parameters) {
    const shown = String(name).slice(0, 80);
    if (place === "cookie" || place === "querystring") note(`the ${place} parameter ${shown} is left out`);
    else if (content !== undefined || !isAnyText(schema)) bounded.push(shown);
  }
  if (bounded.length > 0)
    note(
      `any value of ${[...new Set(bounded)].join(", ").slice(0, 200)} passes: write patterns where the document's bounds count`,
    );
}

function isAnyText(schema: unknown): boolean {
  return Object.entries(asObject(schema)).every(
    ([keyword, value]) =>
      anyText.has(keyword) || keyword.startsWith("x-") || (keyword === "type" && value === "string"),
  );
}

function schemaOf(media: unknown, note: (text: string) => void): unknown {
  const { schema } = asObject(media);
  if (schema === undefined) note("its body has no schema, and anything is taken");
  return schema ?? {};
}
