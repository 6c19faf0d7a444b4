import type { CompiledPolicy } from "./cedar-policy.ts";
import { list, printable } from "./printable.ts";

/** The most reasons that one answer carries. */
const most = 5;

/**
 * Bounds reasons: at most five, then how many more there are.
 * @param reasons the most telling first
 */
export function bounded(reasons: readonly string[]): readonly string[] {
  if (reasons.length <= most) return reasons;
  return [...reasons.slice(0, most), `and ${reasons.length - most} more`];
}

/** `policy 'support agents read orders'` */
function named({ entry }: CompiledPolicy): string {
  return `policy '${printable(entry.name)}'`;
}

function condition({ entry }: CompiledPolicy): string {
  return entry.when === undefined ? "" : `\`${printable(entry.when.trim().replace(/\s+/gu, " "))}\``;
}

/** The policy's groups that the principal is in: `(group support-agents)`. */
function through({ entry }: CompiledPolicy, groups: readonly string[]): string {
  const shared = [...new Set(entry.groups)].filter((group) => groups.includes(group));
  return `(${shared.length === 1 ? "group" : "groups"} ${list(shared)})`;
}

/** `permitted by policy 'support agents read orders' (group support-agents)` */
export function permittedBy(policy: CompiledPolicy, groups: readonly string[]): string {
  return `permitted by ${named(policy)} ${through(policy, groups)}`;
}

/** Another policy that could permit: `also by policy 'x' (group a), with approval, if …` */
export function alsoBy(policy: CompiledPolicy, groups: readonly string[]): string {
  const approval = policy.entry.approval === undefined ? "" : ", with approval";
  const when = policy.open ? `, if ${condition(policy)}` : "";
  return `also by ${named(policy)} ${through(policy, groups)}${approval}${when}`;
}

/** `forbidden by policy 'nobody writes at night' because context.hour < 6` */
export function forbiddenBy(policy: CompiledPolicy, groups: readonly string[]): string {
  const why = policy.entry.when === undefined ? through(policy, groups) : `because ${condition(policy)}`;
  return `forbidden by ${named(policy)} ${why}`;
}

/**
 * Why a permit did not permit: the groups, or the condition.
 *
 * It names the groups that the policy is for, to agents that are in none of them as well: a denial says how to ask, and
 * whom to talk to is part of that. Group names give no access, the operator chose them, and an agent cannot join one.
 */
export function unmet(policy: CompiledPolicy, groups: readonly string[]): string {
  if (groups.some((group) => policy.groups.has(group))) {
    return `${named(policy)}: its condition ${condition(policy)} is not met`;
  }
  const wanted = [...policy.groups];
  const kind = wanted.length === 1 ? "group" : "groups";
  return `${named(policy)} is for ${kind} ${list(wanted)}; you are ${wanted.length === 1 ? "not in it" : "in none of them"}`;
}

/** `no policy allows anyone to request orders-db/foo` */
export function nobodyMay(connection: string, operation: string): string {
  return `no policy allows anyone to request ${printable(connection, 80)}/${printable(operation, 80)}`;
}

/** A condition that failed to evaluate denies, whichever way it would have gone. */
export function erred(policy: CompiledPolicy | undefined, message: string): string {
  const which = policy === undefined ? "a policy" : named(policy);
  // Cedar's message begins with the policy's internal id.
  const why = message.replace(/^error while evaluating policy `[^`]*`: /u, "");
  return `${which} could not be evaluated, so nothing is permitted: ${printable(why)}`;
}
