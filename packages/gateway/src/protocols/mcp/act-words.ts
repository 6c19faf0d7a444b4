import type { McpAct } from "./act.ts";

/** The most of one argument that is shown, in characters: an argument can be a whole document. */
const MAX_ARGUMENT_LENGTH = 200;
/** The most arguments that are shown. */
const MAX_ARGUMENTS = 20;

function argumentsText(given: unknown): string {
  if (given === null || typeof given !== "object" || Array.isArray(given)) return "";
  const all = Object.entries(given);
  const shown = all.slice(0, MAX_ARGUMENTS).map(([name, value]) => {
    const text = JSON.stringify(value) ?? "null";
    const cut =
      text.length <= MAX_ARGUMENT_LENGTH ? text : `${text.slice(0, MAX_ARGUMENT_LENGTH).toWellFormed()}…`;
    return `${name}: ${cut}`;
  });
  return [...shown, ...(all.length > MAX_ARGUMENTS ? ["…"] : [])].join(", ");
}

/** A message to an MCP server for people to read: `get_customer(id: 1)`. */
export function actWords({ message: { method, params } }: McpAct): string {
  if (method === "tools/call") return `${String(params["name"])}(${argumentsText(params["arguments"])})`;
  if (method === "resources/read") return `read ${String(params["uri"])}`;
  if (method === "prompts/get")
    return `prompt ${String(params["name"])}(${argumentsText(params["arguments"])})`;
  return method;
}
