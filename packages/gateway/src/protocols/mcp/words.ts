import { describeSchema } from "../../gate/web/schema/describe-schema.ts";
import { ANY } from "./compile.ts";
import { type McpScope, schemaText } from "./scope.ts";

/** A scope in words, one line a fact, for reviewers and listings. */
export function describeScope(scope: McpScope): readonly string[] {
  const lines: string[] = [];
  for (const [name, written] of Object.entries(scope.tools)) {
    if (name === ANY) {
      lines.push("every tool that is pinned, any arguments");
      continue;
    }
    const [whole = "", ...members] = describeSchema(schemaText(written));
    lines.push(whole === "anything" ? `tool ${name}, any arguments` : `tool ${name}, arguments: ${whole}`);
    for (const line of members) lines.push(`tool ${name} ${line}`);
  }
  for (const uri of scope.resources) lines.push(uri === ANY ? "every resource" : `resource ${uri}`);
  for (const prompt of scope.prompts) lines.push(prompt === ANY ? "every prompt" : `prompt ${prompt}`);
  if (scope.budget !== undefined) lines.push(`at most ${scope.budget} calls in all`);
  return lines;
}
