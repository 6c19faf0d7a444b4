import * as z from "zod";
import { RE2JS } from "re2js";
import { textFileSchema } from "../../kernel/secret.ts";
import { parseSize, sizePattern } from "../../kernel/sizes.ts";
import { writtenJsonSchema } from "../../kernel/written-json.ts";
import { problemOfListed } from "./request/headers.ts";
import { mayBeJudged } from "./body/media-type.ts";
import { readPointer } from "./pointer.ts";
import { isClosed } from "../../gate/web/schema/closed.ts";
import { compileSchema } from "../../gate/web/schema/json-schema.ts";
import { readTemplate } from "./request/template.ts";

/** The largest body that is judged by its content, and so held in memory whole, bytes. */
export const MAX_JUDGED_BYTES = 16_777_216;

/** A size such as `64KiB`, in bytes once parsed. */
const size = z
  .string()
  .regex(sizePattern, "this must be a size such as 64KiB or 10MiB")
  .transform((text) => parseSize(text) ?? 0);

const request = z.string().superRefine((written, context) => {
  const template = readTemplate(written);
  if ("message" in template)
    context.addIssue({ code: "custom", message: template.message, params: { hint: template.hint } });
});

const pattern = z.string().refine(isPattern, "this is no RE2 pattern");

function isPattern(text: string): boolean {
  try {
    RE2JS.compile(text);
    return true;
  } catch {
    return false;
  }
}

const header = z.string().superRefine((written, context) => {
  const problem = problemOfListed(written);
  if (problem !== undefined)
    context.addIssue({ code: "custom", message: problem.message, params: { hint: problem.hint } });
});

const pointer = z.string().superRefine((written, context) => {
  if (readPointer(written) === undefined)
    context.addIssue({
      code: "custom",
      message: "this names no member of an answer",
      params: { hint: "write /customer/email, or /items/*/iban for every item" },
    });
});

/** A JSON Schema for a body: written here, or in a file. */
const bodySchema = z.union([textFileSchema, writtenJsonSchema], {
  error: "this must be a JSON Schema, or the path of a file with one",
});

/** What one operation on an HTTP API may say. `docs/http.md` explains every member. */
export const scopeSchema = z.strictObject({
  requests: z
    .array(request)
    .min(1)
    .describe("METHOD /path/{name}/…; ** as the last segment for any further ones"),
  query: z
    .union([z.array(z.string().min(1)), z.record(z.string().min(1), pattern)])
    .optional()
    .describe(
      "Query parameters: a list of names, or names with RE2 patterns; left out: any, and none with a mask",
    ),
  headers: z
    .array(header)
    .default([])
    .describe("Further request headers that go upstream, each by its whole name"),
  body: z
    .union([
      textFileSchema.transform((schema) => ({ schema, max: 65_536, types: ["application/json"] })),
      z.strictObject({
        schema: bodySchema.optional().describe("A JSON Schema written here, or the path of a file with one"),
        max: size.default(65_536),
        types: z
          .array(z.string().regex(/^[a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+*-]+$/))
          .min(1)
          .default(["application/json"]),
      }),
    ])
    .optional()
    .describe("The request's body: a JSON Schema file, or { schema, max, types }; left out: no body"),
  response: z
    .strictObject({
      mask: z.array(pointer).default([]),
      drop_headers: z.array(z.string().min(1).toLowerCase()).default([]),
      max: size.optional(),
    })
    .default({ mask: [], drop_headers: [] })
    .describe("What of an answer does not come down"),
  budget: z.int().min(1).max(1_000_000).optional().describe("How many requests a grant has"),
  websocket: z.boolean().default(false).describe("Lets a GET become a WebSocket"),
});

/** A scope, parsed. */
export type HttpScope = z.output<typeof scopeSchema>;

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

/** Problems that the schema cannot see: a body's schema that is none, members that contradict each other. */
export function checkScope(scope: HttpScope): readonly Problem[] {
  const problems: Problem[] = [];
  const { body } = scope;
  if (body?.schema !== undefined) {
    const compiled = compileSchema(body.schema.text());
    if ("why" in compiled)
      problems.push({
        path: ["body", "schema"],
        message: `the body's schema cannot be used: ${compiled.why}`,
        hint: "docs/http.md lists what a schema may say",
      });
    if (!body.types.every((type) => /[/+]json$/.test(type)))
      problems.push({
        path: ["body", "types"],
        message: "a JSON Schema judges JSON bodies alone",
        hint: "list JSON types only, or leave the schema out",
      });
  }
  if (body !== undefined && body.max > MAX_JUDGED_BYTES && body.types.some(mayBeJudged))
    problems.push({
      path: ["body", "max"],
      message: "JSON, forms and multipart bodies are judged whole, up to 16MiB",
      hint: "write max: 16MiB, or list types that hold none of them, for example application/octet-stream",
    });
  const methods = new Set(scope.requests.map((each) => each.slice(0, each.indexOf(" "))));
  if (body !== undefined && [...methods].every((method) => method === "GET" || method === "HEAD"))
    problems.push({
      path: ["body"],
      message: "GET and HEAD carry no body",
      hint: "remove body, or add a method",
    });
  if (scope.websocket && !methods.has("GET"))
    problems.push({
      path: ["websocket"],
      message: "a WebSocket begins with GET",
      hint: "add a GET to requests",
    });
  if (scope.websocket && (scope.response.mask.length > 0 || scope.response.max !== undefined))
    problems.push({
      path: ["response"],
      message: "what comes over a WebSocket can be neither masked nor counted",
      hint: "grant the WebSocket in an operation of its own",
    });
  return [...problems, ...problemsOfMask(scope)];
}

/** Whether a schema that can be used takes members that it does not list. */
function isOpen(text: string): boolean {
  return !("why" in compileSchema(text)) && !isClosed(JSON.parse(text));
}

/**
 * With a mask whatever chooses, renames, filters or sorts what an answer holds can bring or tell a masked value
 * (`fields=customer.email:x`, `sort=email`, a GraphQL alias), under names that are each API's own: only the operator knows
 * which do not.
 */
function problemsOfMask({ response, query, body }: HttpScope): readonly Problem[] {
  if (response.mask.length === 0) return [];
  const problems: Problem[] = [];
  if (query === undefined)
    problems.push({
      path: ["response", "mask"],
      message: "a mask needs a query list: any parameter could bring or tell what is masked",
      hint: "write query: [] for none, or list those that neither choose, rename, filter nor sort what an answer holds",
    });
  if (body !== undefined && body.schema === undefined)
    problems.push({
      path: ["body"],
      message: "a mask needs a schema for the body: any member could bring or tell what is masked",
      hint: "write a JSON Schema whose members neither choose, rename, filter nor sort what an answer holds",
    });
  else if (body?.schema !== undefined && isOpen(body.schema.text()))
    problems.push({
      path: ["body"],
      message:
        "with a mask the body's schema lists every member: any other could bring or tell what is masked",
      hint: "write type: object and additionalProperties: false at its top",
    });
  return problems;
}
