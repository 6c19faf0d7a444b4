import { schemaInWords } from "../../gate/web/schema/schema-words.ts";
import { ANYTHING, type Reach } from "../../gate/reach.ts";
import { ANY } from "./compile.ts";
import { type McpScope, schemaText } from "./scope.ts";

/** What a scope lets through, part by part. */
export function reachOf({ tools, resources, prompts, budget }: McpScope): Reach {
  return {
    permits: [
      ...Object.entries(tools).map(([name, written]) =>
        name === ANY ? ["tool", ANYTHING] : ["tool", name, { meets: schemaInWords(schemaText(written)) }],
      ),
      ...resources.map((uri) => ["resource", uri.endsWith("*") ? { begins: uri.slice(0, -1) } : uri]),
      ...prompts.map((name) => ["prompt", name === ANY ? ANYTHING : name]),
    ],
    demands: [],
    bounds: budget === undefined ? {} : { budget: { most: budget, words: String(budget) } },
  };
}
