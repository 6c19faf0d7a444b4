import type { Inventory } from "../../../gate/inventory/inventory.ts";
import type { McpScope } from "../scope.ts";
import { trial } from "../trial.ts";
import { type Need, needOf } from "./need.ts";
import { shownCall } from "./shown.ts";

/** What a message is about that no operation has; undefined: it is about nothing that one could have. */
function aboutOf(need: Need, act: string): string | undefined {
  if (need.kind === "tool") return `the tool ${need.name}`;
  if (need.kind === "prompt") return `the prompt ${need.name}`;
  // What differs in its URI alone is refused for one reason.
  return need.kind === "resource" ? shownCall(act) : undefined;
}

/** Judges messages as sessions would, but for what no recording tells: whether a tool's definition is the one that was accepted. */
export const judgeOf: Inventory<McpScope>["judge"] = (scopes) => {
  const judge = trial(scopes);
  const connection = scopes[0]?.name.split("/")[0] ?? "";
  return (act) => {
    const verdict = judge(act);
    if (verdict.kind === "permit" || !verdict.denial.message.endsWith(" is not granted")) return verdict;
    const about = aboutOf(needOf(act), act);
    if (about === undefined) return verdict;
    const { denial } = verdict;
    // It is the fault of no operation.
    const rule = `${connection}: ${denial.rule.slice(denial.rule.lastIndexOf(":") + 2)}`;
    return { kind: "deny", denial: { ...denial, rule, message: `refused: no operation has ${about}` } };
  };
};
