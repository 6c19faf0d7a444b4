import type { GrantRules } from "../grants.ts";
import type { ShadowPlan } from "../types.ts";
import { type Facts, planOf } from "./plan.ts";

/**
 * What would have become of an ask if the policies in shadow decided; undefined where none is about it. Nothing follows from
 * it: it is for the record, and for whoever writes policies.
 */
export function shadowOf(rules: GrantRules, facts: Facts): ShadowPlan | undefined {
  const { shadow } = rules.policies;
  if (shadow?.isAbout(facts.connection, facts.operations) !== true) return undefined;
  const plan = planOf({ ...rules, policies: shadow.policies }, facts);
  const { decision, reasons } = plan;
  if (decision === "deny") return { decision, reasons };
  const { ttl, policies, approval } = plan;
  return { decision, policies, ttl, ...(approval === undefined ? {} : { approval }), reasons };
}
