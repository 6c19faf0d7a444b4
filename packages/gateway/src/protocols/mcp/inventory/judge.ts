import type { Inventory } from "../../../gate/inventory/inventory.ts";
import { coversUri } from "../compile.ts";
import type { McpScope } from "../scope.ts";
import { trial } from "../trial.ts";
import { type Need, needOf } from "./need.ts";
import { shownCall } from "./shown.ts";

/** What a message is about that none of some operations has; undefined: one has it, or it is about nothing that one could have. */
function missingOf(need: Need, act: string, scopes: readonly McpScope[]): string | undefined {
  if (need.kind === "tool" && !scopes.some(({ tools }) => Object.hasOwn(tools, need.name)))
    return `the tool ${need.name}`;
  if (need.kind === "prompt" && !scopes.some(({ prompts }) => prompts.includes(need.name)))
    return `the prompt ${need.name}`;
  // What differs in its URI alone is refused for one reason.
  if (need.kind === "resource" && !scopes.some(({ resources }) => coversUri(resources, need.uri)))
    return shownCall(act);
  return undefined;
}

/** Judges messages as sessions would, but for what no recording tells: whether a tool's definition is the one that was accepted. */
export const judgeOf: Inventory<McpScope>["judge"] = (scopes) => {
  const judge = trial(scopes);
  const connection = scopes[0]?.name.split("/")[0] ?? "";
  return (act) => {
    const verdict = judge(act);
    if (verdict.kind === "permit") return verdict;
    const missing = missingOf(
      needOf(act),
      act,
      scopes.map(({ scope }) => scope),
    );
    if (missing === undefined) return verdict;
    const { denial } = verdict;
    // It is the fault of no operation.
    const rule = `${connection}: ${denial.rule.slice(denial.rule.lastIndexOf(":") + 2)}`;
    return { kind: "deny", denial: { ...denial, rule, message: `refused: no operation has ${missing}` } };
  };
};
