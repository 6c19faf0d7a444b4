import { type LocalReply, problem } from "../problem.ts";
import { valuesOf } from "../request-head.ts";

/** The parts of an HTTP request that decide whether it can carry an MCP message. */
export interface MessageForm {
  readonly method: string;
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[];
}

/**
 * The answer to a request that is not one of Streamable HTTP; undefined when it is (MCP, "Transports"). There are no
 * sessions to resume or to end: every request is verified by itself.
 * @param url the gateway's own
 */
export async function refuseForm(request: MessageForm, url: string): Promise<LocalReply | undefined> {
  const { rawHeaders, method } = request;
  const one = (name: string): string | undefined => {
    const [value, ...more] = valuesOf(rawHeaders, name);
    return more.length === 0 ? value : undefined;
  };
  const reply = (status: number, code: string, detail: string, headers = {}): LocalReply =>
    problem({ status, code, detail, headers });
  if (method !== "POST")
    return reply(405, "method_not_allowed", "messages are sent by POST", { allow: "POST" });
  // A page of another site must not speak to it, whatever name it reached it by (DNS rebinding).
  const origins = valuesOf(rawHeaders, "origin");
  if (origins.length > 1 || origins.some((origin) => origin !== new URL(url).origin))
    return reply(403, "origin_refused", "requests from pages of another origin are refused");
  if (!/^application\/json\s*(?:;\s*charset="?utf-8"?\s*)?$/i.test(one("content-type") ?? ""))
    return reply(415, "content_type", "a message is application/json");
  const accept = valuesOf(rawHeaders, "accept").join(",");
  if (!/application\/json|application\/\*|\*\/\*/.test(accept))
    return reply(406, "not_acceptable", "the answer is application/json");
  if (valuesOf(rawHeaders, "content-encoding").length > 0)
    return reply(415, "content_encoding", "a message is not encoded");
  const versions = valuesOf(rawHeaders, "mcp-protocol-version");
  const [version] = versions;
  if (versions.length > 1 || (version !== undefined && !(await speaks(version))))
    return reply(400, "protocol_version", "that version of the protocol is not spoken here");
  return undefined;
}

/** Whether a client's version header is one that is spoken here (MCP, "Protocol Version Header"). */
async function speaks(version: string): Promise<boolean> {
  return (await mcpVersions()).SUPPORTED_PROTOCOL_VERSIONS.includes(version);
}

let versions: Promise<McpVersions> | undefined;

/** The versions of the protocol that are spoken. */
interface McpVersions {
  readonly LATEST_PROTOCOL_VERSION: string;
  readonly SUPPORTED_PROTOCOL_VERSIONS: readonly string[];
}

/** The SDK is loaded where it is first needed, and asked for once: a gateway without MCP starts without it. */
export function mcpVersions(): Promise<McpVersions> {
  versions ??= import("@modelcontextprotocol/sdk/types.js");
  return versions;
}
