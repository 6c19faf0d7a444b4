import { canonicalJson, type Json } from "../../kernel/canonical.ts";
import type { McpAct } from "./act.ts";

/**
 * Longer arguments are written down as their JSON in one text, characters. The log keeps a text as it is; what is nested
 * deeply it would look through level by level, on the thread that serves everybody.
 */
const MAX_NESTED_LENGTH = 8192;

/** Arguments as they were sent, whole: what stands behind a long one is part of the act. */
function argumentsOf(params: McpAct["message"]["params"]): Json {
  const given = (params["arguments"] ?? {}) as Json;
  const text = canonicalJson(given);
  return text.length > MAX_NESTED_LENGTH ? text : given;
}

/**
 * How a message is written down: the method, and all that the server is sent of it: of a call the tool and its arguments,
 * of a list where it goes on.
 */
export function detailOf({ message }: McpAct): string {
  const { method, params } = message;
  const facts: Record<string, Json> = { method };
  if (method === "tools/call") {
    facts["tool"] = String(params["name"]).slice(0, 128);
    facts["arguments"] = argumentsOf(params);
  } else if (method === "resources/read") facts["uri"] = String(params["uri"]);
  else if (method === "prompts/get") {
    facts["prompt"] = String(params["name"]).slice(0, 128);
    facts["arguments"] = argumentsOf(params);
  } else if (typeof params["cursor"] === "string") facts["cursor"] = params["cursor"];
  return canonicalJson(facts);
}
