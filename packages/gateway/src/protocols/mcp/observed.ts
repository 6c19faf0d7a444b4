import { ANY } from "./compile.ts";
import type { McpScope } from "./scope.ts";

/** The widest scope: every tool with any arguments, every resource and every prompt. What a tool says of itself is pinned all the same. */
export function observedScope(): McpScope {
  return { tools: { [ANY]: {} }, resources: [ANY], prompts: [ANY] };
}
