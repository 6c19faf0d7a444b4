import { sandboxFits } from "../../policy/sandbox.ts";
import type { Terms } from "../../policy/types.ts";
import type { Facts } from "./plan.ts";

/** Why terms do not permit an ask for a task outside of a sandbox, and what to run; undefined when they do. */
export function sandboxMissing(
  { policy, sandbox }: Pick<Terms, "policy" | "sandbox">,
  { sandbox: said }: Pick<Facts, "sandbox">,
): string | undefined {
  if (sandboxFits(sandbox === undefined ? {} : { sandbox }, said)) return undefined;
  return `policy "${policy}" demands a command in a sandbox; run it with mayfly run --sandbox (on Linux), which asks for it by itself`;
}
