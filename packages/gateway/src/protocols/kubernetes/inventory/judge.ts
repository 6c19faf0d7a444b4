import type { Inventory } from "../../../gate/inventory/inventory.ts";
import type { Verdict } from "../../../gate/protocol.ts";
import type { KubernetesScope } from "../scope.ts";
import { judgeSeen } from "./judge-seen.ts";
import { readSeen } from "./seen-request.ts";
import { shownRequest } from "./shown.ts";

/** Rules whose denials name the object or the command: what differs in those alone is refused for one reason. */
const named = /: (?:resources|verbs|names|exec|port_forward)$/u;

/** Judges requests as sessions would, but for what no source tells: see `judgeSeen`. */
export const judgeOf: Inventory<KubernetesScope>["judge"] = (scopes) => (text) => {
  const verdict = judgeSeen(scopes, readSeen(text));
  return verdict.kind === "permit" ? verdict : withoutValues(verdict, text);
};

function withoutValues(
  verdict: Verdict<unknown> & { readonly kind: "deny" },
  text: string,
): Verdict<unknown> {
  const { rule } = verdict.denial;
  if (!named.test(rule)) return verdict;
  // Which operation came nearest depends on their order.
  const connection = rule.split("/", 1)[0] ?? "";
  return {
    kind: "deny",
    denial: {
      ...verdict.denial,
      rule: `${connection}: ${rule.slice(rule.lastIndexOf(":") + 2)}`,
      message: `refused: no operation has ${shownRequest(text)}`,
    },
  };
}
