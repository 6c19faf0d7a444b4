import { FORMATS } from "../../gate/web/schema/formats.ts";
import { holdsOf } from "../../gate/web/schema/keywords.ts";

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

type Obj = Readonly<Record<string, unknown>>;

const methods = ["get", "head", "post", "put", "patch", "delete", "options"] as const;
const risks: Readonly<Record<string, ImportedOperation["risk"]>> = {
  get: "low",
  head: "low",
  options: "low",
  delete: "high",
};
/** References followed in a row. */
const MAX_REFERENCE_DEPTH = 64;

function asObject(value: unknown): Obj {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Obj) : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What a local reference leads to (RFC 6901). */
function follow(document: Obj, value: unknown, depth = 0): Obj {
  const found = asObject(value);
  const reference = found["$ref"];
  if (typeof reference !== "string" || depth > MAX_REFERENCE_DEPTH) return found;
  if (!reference.startsWith("#/")) return {};
  let at: unknown = document;
  for (const part of reference.slice(2).split("/"))
    at = asObject(at)[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")];
  return follow(document, at, depth + 1);
}

/** A schema with what it refers to inside of it, in the keywords that are enforced; what is left out is told. */
function standalone(document: Obj, schema: unknown, leftOut: (keyword: string) => void): unknown {
  const definitions: Record<string, unknown> = {};
  const copy = (value: unknown, depth: number): unknown => {
    if (typeof value === "boolean") return value;
    if (depth > MAX_REFERENCE_DEPTH) return {};
    const { $ref: reference, nullable, ...rest } = asObject(value);
    if (typeof reference === "string") {
      const name = reference.split("/").at(-1) ?? "";
      if (!Object.hasOwn(definitions, name)) {
        definitions[name] = {};
        definitions[name] = copy(follow(document, value), depth + 1);
      }
      return { $ref: `#/$defs/${name}` };
    }
    const members: Record<string, unknown> = {};
    for (const [keyword, item] of Object.entries(rest)) {
      const holds = holdsOf(keyword);
      if (holds === undefined || (keyword === "format" && !Object.hasOwn(FORMATS, String(item)))) {
        // Extensions say nothing of a value; what else is not enforced would have.
        if (!keyword.startsWith("x-")) leftOut(keyword === "format" ? `format: ${String(item)}` : keyword);
      } else if (holds === "schema") members[keyword] = copy(item, depth + 1);
      else if (holds === "schemas") members[keyword] = asList(item).map((each) => copy(each, depth + 1));
      else if (holds === "schemasByName")
        members[keyword] = Object.fromEntries(
          Object.entries(asObject(item)).map(([name, each]) => [name, copy(each, depth + 1)]),
        );
      else members[keyword] = item;
    }
    // OpenAPI 3.0's `nullable`, as JSON Schema says it.
    if (nullable === true && typeof members["type"] === "string") members["type"] = [members["type"], "null"];
    return members;
  };
  const made = copy(schema, 0);
  return Object.keys(definitions).length === 0 ? made : { ...asObject(made), $defs: definitions };
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

/** Paths as templates: a parameter's name holds letters, digits and underscores. */
function templateOf(path: string): string | undefined {
  const template = path.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => {
    const plain = name.replaceAll(/[^A-Za-z0-9_]/g, "_").replace(/^(?=\d)/, "_");
    return `{${plain === "" ? "value" : plain}}`;
  });
  // A parameter that fills half a segment cannot be told from what stands beside it.
  return template.split("/").every((part) => !part.includes("{") || /^\{[^{}]+\}$/.test(part))
    ? template
    : undefined;
}

/**
 * Reads operations out of an OpenAPI 3 document: one operation an endpoint, no wider than the document says.
 * @param value the document, parsed
 */
export function importOpenApi(value: unknown): Imported {
  const document = asObject(value);
  const notes: string[] = [];
  const operations: ImportedOperation[] = [];
  const names = new Set<string>();
  const [server] = asList(document["servers"]);
  const url = asObject(server)["url"];
  for (const [path, written] of Object.entries(asObject(document["paths"]))) {
    const item = follow(document, written);
    for (const method of methods) {
      if (!(method in item)) continue;
      const operation = asObject(item[method]);
      const template = templateOf(path);
      if (template === undefined) {
        notes.push(`${method.toUpperCase()} ${path}: left out, a parameter fills half a segment`);
        continue;
      }
      let name = nameOf(method, path, operation["operationId"]);
      for (let n = 2; names.has(name); n += 1) name = `${name.replace(/-\d+$/, "")}-${n}`;
      names.add(name);
      operations.push(
        imported(document, method, template, name, operation, asList(item["parameters"]), notes),
      );
    }
  }
  if (operations.length === 0) notes.push("the document holds no operation");
  return { url: typeof url === "string" && URL.canParse(url) ? url : undefined, operations, notes };
}

function imported(
  document: Obj,
  method: string,
  template: string,
  name: string,
  operation: Obj,
  shared: readonly unknown[],
  notes: string[],
): ImportedOperation {
  const parameters = [...shared, ...asList(operation["parameters"])].map((each) => follow(document, each));
  const named = (place: string): string[] => [
    ...new Set(
      parameters.flatMap((each) =>
        each["in"] === place && typeof each["name"] === "string" ? [each["name"]] : [],
      ),
    ),
  ];
  const headers = named("header").filter(
    (header) => !/^(?:accept|content-type|authorization)$/i.test(header),
  );
  const content = asObject(follow(document, operation["requestBody"])["content"]);
  const types = Object.keys(content);
  const json = types.find((type) => /[/+]json$/.test(type));
  if (types.length > 0 && json === undefined) notes.push(`${name}: its body is not JSON, and is not judged`);
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
          bodySchema: standalone(document, asObject(content[json])["schema"] ?? {}, (keyword) => {
            const note = `${name}: ${keyword.slice(0, 80)} in its body is left out, it is not enforced`;
            if (!notes.includes(note)) notes.push(note);
          }),
        }),
  };
}
