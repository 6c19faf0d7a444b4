import * as z from "zod";
import { compileSchema } from "../../gate/web/schema/json-schema.ts";
import { textFileSchema } from "../../kernel/secret.ts";

/** MCP, "Tools: Tool Names". */
const toolName = z.string().regex(/^[A-Za-z0-9_.-]{1,128}$/, "this is not a tool's name");

/** A JSON Schema for a tool's arguments: written here, or in a file. */
const schema = z.union([textFileSchema, z.record(z.string(), z.unknown())], {
  error: "this must be a JSON Schema, or the path of a file with one",
});

/** What one operation on an MCP server may say. `docs/mcp.md` explains every member. */
export const scopeSchema = z.strictObject({
  tools: z
    .union([
      z.array(toolName).transform((names) => Object.fromEntries(names.map((name) => [name, {}]))),
      z.record(toolName, schema),
    ])
    .default({})
    .describe("Tools: a list of names, or names with a JSON Schema for their arguments"),
  resources: z
    .array(
      z
        .string()
        .regex(/^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s*]+\*?$/, "write a URI, with * at its end for any further part"),
    )
    .default([])
    .describe("URIs of resources that may be read; * at the end for any further part"),
  prompts: z
    .array(
      z.string().regex(/^(?!\*$).{1,128}$/su, "this is not a prompt's name; patterns are not taken here"),
    )
    .default([])
    .describe("Names of prompts"),
  budget: z.int().min(1).max(1_000_000).optional().describe("How many calls a grant has"),
});

/** A scope, parsed. */
export type McpScope = z.output<typeof scopeSchema>;

/** Members that can't be enforced: what an upstream asks of the client is refused. */
export const notEnforceable: readonly string[] = ["sampling", "elicitation", "roots"];

interface Problem {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

/** A schema's text. */
export function schemaText(written: McpScope["tools"][string]): string {
  return "text" in written && typeof written.text === "function"
    ? (written as { text(): string }).text()
    : JSON.stringify(written);
}

/** Problems that the schema cannot see. */
export function checkScope(scope: McpScope): readonly Problem[] {
  const problems: Problem[] = [];
  for (const [name, written] of Object.entries(scope.tools)) {
    const compiled = compileSchema(schemaText(written));
    if ("why" in compiled)
      problems.push({ path: ["tools", name], message: `the schema cannot be used: ${compiled.why}` });
  }
  if (Object.keys(scope.tools).length + scope.resources.length + scope.prompts.length === 0)
    problems.push({
      path: [],
      message: "the operation grants nothing",
      hint: "name tools, resources or prompts",
    });
  return problems;
}
