import { canonicalJson, type Json } from "../../kernel/canonical.ts";
import type { McpAct } from "./judge.ts";

/** The longest that is written of a call's arguments, characters of JSON. */
const longest = 65_536;

/** How a message is written down: the method, and of a call the tool and its arguments. */
export function detailOf({ message }: McpAct): string {
  const { method, params } = message;
  const facts: Record<string, Json> = { method };
  if (method === "tools/call") {
    facts["tool"] = String(params["name"]).slice(0, 128);
    const given = canonicalJson((params["arguments"] ?? {}) as Json);
    facts["arguments"] =
      given.length > longest ? `${given.slice(0, longest)}…` : ((params["arguments"] ?? {}) as Json);
  } else if (method === "resources/read") facts["uri"] = String(params["uri"]).slice(0, 2048);
  else if (method === "prompts/get") facts["prompt"] = String(params["name"]).slice(0, 128);
  return canonicalJson(facts);
}
