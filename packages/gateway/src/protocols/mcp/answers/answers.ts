import type { LocalReply } from "../../../gate/web/problem.ts";
import type { Denial } from "../../../gate/protocol.ts";
import { mcpVersions } from "../../../gate/web/mcp/form.ts";

/** A JSON-RPC answer as HTTP. */
export function answer(status: number, body: unknown): LocalReply {
  const text = body === undefined ? "" : JSON.stringify(body);
  return {
    status,
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      "content-length": String(Buffer.byteLength(text)),
      "cache-control": "no-store",
    },
    body: text,
  };
}

/** Members that are the gateway's own (MCP, "_meta": a prefix and a name): nothing of a server's comes down under one. */
export const OWN_PREFIX = "mayfly/";
/** The member of `_meta`, or of an error's data, by which a client tells the gateway's own words from the server's. */
const OWN_META = `${OWN_PREFIX}refused`;

/** A result. */
export function result(id: string | number, value: unknown): LocalReply {
  return answer(200, { jsonrpc: "2.0", id, result: value });
}

/** An error of JSON-RPC; of a message that could not be read without an id. */
export function failure(
  status: number,
  id: string | number | null,
  code: number,
  message: string,
): LocalReply {
  return answer(status, { jsonrpc: "2.0", id, error: { code, message } });
}

/**
 * A denial in the words that a model can act on: of a call a result that is an error (MCP, "Tools: Error Handling"), of
 * anything else an error of JSON-RPC.
 */
export function denied(id: string | number, method: string, denial: Denial): LocalReply {
  const text = `${denial.message} (${denial.rule}). ${denial.hint}`;
  const own = { rule: denial.rule, remedy: denial.remedy };
  if (method === "tools/call")
    return result(id, { content: [{ type: "text", text }], isError: true, _meta: { [OWN_META]: own } });
  return answer(200, {
    jsonrpc: "2.0",
    id,
    error: { code: -32_001, message: text, data: { [OWN_META]: own } },
  });
}

/** What is said of a server at the beginning: the version that both know, and only what is granted. */
export async function initialized(
  connection: string,
  params: Readonly<Record<string, unknown>>,
  has: { readonly tools: boolean; readonly resources: boolean; readonly prompts: boolean },
): Promise<unknown> {
  const asked = params["protocolVersion"];
  const { LATEST_PROTOCOL_VERSION, SUPPORTED_PROTOCOL_VERSIONS } = await mcpVersions();
  const known = typeof asked === "string" && SUPPORTED_PROTOCOL_VERSIONS.includes(asked);
  return {
    protocolVersion: known ? asked : LATEST_PROTOCOL_VERSION,
    capabilities: {
      ...(has.tools ? { tools: {} } : {}),
      ...(has.resources ? { resources: {} } : {}),
      ...(has.prompts ? { prompts: {} } : {}),
    },
    serverInfo: { name: `mayfly/${connection}`, version: "1" },
    instructions: "Only what your grant covers is listed. What is refused says how to ask for more.",
  };
}
