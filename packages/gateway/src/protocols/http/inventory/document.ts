import { compileSchema } from "../../../gate/web/schema/json-schema.ts";
import { MayflyError } from "../../../kernel/errors.ts";
import { parseStrictJson } from "../../../kernel/strict-json.ts";
import { importOpenApi, type ImportedOperation } from "../openapi-import.ts";
import { readOpenApiText } from "../openapi-text.ts";
import { readTemplate } from "../request/template.ts";
import { patternOfAll } from "./parameters.ts";
import type { Part, PathItem } from "./paths.ts";
import { patternOf } from "./things.ts";
import type { SeenRequest } from "./request.ts";

/** An endpoint of an OpenAPI document. */
export interface DocumentEndpoint {
  readonly operation: ImportedOperation;
  readonly method: string;
  /** Words, and names of what varies. */
  readonly segments: readonly ({ readonly word: string } | { readonly name: string })[];
  /** The schema of its body, where the document has one that can be enforced, and whether a body's text meets it. */
  readonly body: { readonly schema: object; takes(json: string): boolean } | undefined;
}

/** What an OpenAPI document says there is. */
export interface ApiDocument {
  /** The endpoint that a request is at: of several the one whose words come first, as OpenAPI has it. */
  find(request: SeenRequest): { readonly endpoint: DocumentEndpoint; readonly base: number } | undefined;
}

/** The deepest nesting of a body. */
const MAX_DEPTH = 64;
/** Reads an OpenAPI 3 document, JSON or YAML. @throws MayflyError */
export function readApiDocument(text: string): ApiDocument {
  const refused = (message: string): MayflyError =>
    new MayflyError("bad_schema", message, {
      hint: "--schema takes an OpenAPI 3 document, in JSON or YAML, for a connection of http",
    });
  const read = readOpenApiText(text);
  if ("why" in read) throw refused(`the schema is no OpenAPI 3 document: ${read.why}`);
  const imported = importOpenApi(read.document);
  if (imported.operations.length === 0) throw refused("the schema holds no operation of an API");
  const base = imported.url === undefined ? [] : segmentsOf(new URL(imported.url).pathname);
  const endpoints = Map.groupBy(
    imported.operations.flatMap((operation) => endpointOf(operation) ?? []),
    ({ method, segments }) => `${method} ${segments.length}`,
  );
  for (const all of endpoints.values()) all.sort(wordsFirst);
  const findAt = (method: string, path: SeenRequest["segments"]): DocumentEndpoint | undefined =>
    endpoints
      .get(`${method} ${path.length}`)
      ?.find(({ segments }) =>
        segments.every((segment, at) =>
          "word" in segment ? segment.word === path[at]?.raw : path[at]?.raw !== "",
        ),
      );
  return {
    find({ method, segments }) {
      const asked = method === "HEAD" ? ["HEAD", "GET"] : [method];
      for (const each of asked) {
        const plain = findAt(each, segments);
        if (plain !== undefined) return { endpoint: plain, base: 0 };
        const isBelow = base.length > 0 && base.every((word, at) => segments[at]?.raw === word);
        const below = isBelow ? findAt(each, segments.slice(base.length)) : undefined;
        if (below !== undefined) return { endpoint: below, base: base.length };
      }
      return undefined;
    },
  };
}

const segmentsOf = (path: string): readonly string[] => path.split("/").filter((segment) => segment !== "");

function endpointOf(operation: ImportedOperation): DocumentEndpoint | undefined {
  const template = readTemplate(operation.requests[0] ?? "");
  if ("message" in template) return undefined;
  let body: { readonly made: DocumentEndpoint["body"] } | undefined;
  return {
    operation,
    method: template.method,
    segments: template.segments.map((segment) =>
      segment.kind === "literal" ? { word: segment.text } : { name: segment.name },
    ),
    // Most of a document's schemas are nobody's business here, and each takes some milliseconds.
    get body() {
      body ??= { made: bodyOf(operation) };
      return body.made;
    },
  };
}

function bodyOf({ bodySchema }: ImportedOperation): DocumentEndpoint["body"] {
  if (typeof bodySchema !== "object" || bodySchema === null) return undefined;
  const compiled = compileSchema(JSON.stringify(bodySchema));
  if ("why" in compiled) return undefined;
  return {
    schema: bodySchema,
    takes(json) {
      try {
        return compiled.check(parseStrictJson(json, MAX_DEPTH)) === undefined;
      } catch {
        return false;
      }
    },
  };
}

/** A word stands before what varies, from the first segment on (OpenAPI 3.1, section 4.8.8.2). */
function wordsFirst(one: DocumentEndpoint, other: DocumentEndpoint): number {
  for (const [at, segment] of one.segments.entries()) {
    const [mine, theirs] = ["word" in segment, "word" in (other.segments[at] ?? {})];
    if (mine !== theirs) return mine ? -1 : 1;
  }
  return 0;
}

/** What all values have in common: a form, or the characters of words. */
function variesAs(values: readonly string[]): {
  readonly pattern: string;
  readonly isOpen: boolean;
  readonly seen: number;
} {
  const form = patternOfAll(values);
  return { pattern: form ?? patternOf(values), isOpen: form === undefined, seen: new Set(values).size };
}

/** The template of requests at one endpoint: what varies has a pattern where all values have a form. */
export function partsOf(
  { segments }: DocumentEndpoint,
  base: number,
  items: readonly PathItem[],
): readonly Part[] {
  const prefix = items[0]?.request.segments.slice(0, base) ?? [];
  return [
    ...prefix.map(({ raw }): Part => ({ kind: "word", raw })),
    ...segments.map((segment, at): Part =>
      "word" in segment
        ? { kind: "word", raw: segment.word }
        : {
            kind: "named",
            name: segment.name,
            ...variesAs(items.map(({ request }) => request.segments[base + at]?.text ?? "")),
          },
    ),
  ];
}
