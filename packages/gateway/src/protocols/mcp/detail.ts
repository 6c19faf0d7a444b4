import { canonicalJson, type Json } from "../../kernel/canonical.ts";
import type { McpAct } from "./judge.ts";

/** The longest that is written of a call's arguments, characters of JSON. */
const longest = 65_536;

/** Arguments as they were sent, or their beginning. */
function argumentsOf(params: McpAct["message"]["params"]): Json {
  const given = (params["arguments"] ?? {}) as Json;
  const text = canonicalJson(given);
  return text.length > longest ? `${text.slice(0, longest)}…` : given;
}

/** How a message is written down: the method, and of a call the tool and its arguments. */
export function detailOf({ message }: McpAct): string {
  const { method, params } = message;
  const facts: Record<string, Json> = { method };
  if (method === "tools/call") {
    facts["tool"] = String(params["name"]).slice(0, 128);
    facts["arguments"] = argumentsOf(params);
  } else if (method === "resources/read") facts["uri"] = String(params["uri"]).slice(0, 2048);
  else if (method === "prompts/get") {
    facts["prompt"] = String(params["name"]).slice(0, 128);
    facts["arguments"] = argumentsOf(params);
  }
  return canonicalJson(facts);
}
