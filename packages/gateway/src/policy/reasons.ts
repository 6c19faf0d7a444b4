import type { CompiledPolicy } from "./cedar-policy.ts";
import { demandsInWords } from "./demands.ts";
import { list, printable } from "./printable.ts";
import { termsOf } from "./terms.ts";

/** The most reasons in one answer. */
const MAX_REASONS = 5;

/**
 * Bounds reasons: at most five, then how many more there are.
 * @param reasons the most telling first
 */
export function bounded(reasons: readonly string[]): readonly string[] {
  if (reasons.length <= MAX_REASONS) return reasons;
  return [...reasons.slice(0, MAX_REASONS), `and ${reasons.length - MAX_REASONS} more`];
}

/** `policy 'support agents read orders'` */
function named({ entry }: CompiledPolicy): string {
  return `policy '${printable(entry.name)}'`;
}

function condition({ entry }: CompiledPolicy): string {
  return entry.when === undefined ? "" : `\`${printable(entry.when.trim().replace(/\s+/gu, " "))}\``;
}

/** The groups of whoever asks. */
export interface Asker {
  /** The principal's own. */
  readonly groups: readonly string[];
  /** Of the person behind it; none where nobody is, or where nobody said any. */
  readonly personGroups: readonly string[];
}

/** Those of a policy's groups that somebody is in: `group support-agents`. */
function shared(wanted: readonly string[], groups: readonly string[]): string {
  const both = [...new Set(wanted)].filter((group) => groups.includes(group));
  return `${both.length === 1 ? "group" : "groups"} ${list(both)}`;
}

/** The policy's groups that the principal is in: `(group support-agents)`, `(group support-agents, for a person in group sre)`. */
function through({ entry }: CompiledPolicy, { groups, personGroups }: Asker): string {
  const person =
    entry.personGroups === undefined ? "" : `, for a person in ${shared(entry.personGroups, personGroups)}`;
  return `(${shared(entry.groups, groups)}${person})`;
}

/**
 * What a policy that permits makes of the ask: `permitted automatically by policy 'x' (group a)`, or
 * `needs approval under policy 'x' (group a)`, since a request that waits for people is not permitted yet.
 */
export function permittedBy(policy: CompiledPolicy, asker: Asker): string {
  const how = policy.entry.approval === undefined ? "permitted automatically by" : "needs approval under";
  return `${how} ${named(policy)} ${through(policy, asker)}`;
}

/** Another policy that could permit: `also automatically by policy 'x' (group a), if …`, `also with approval under policy 'y' …` */
export function alsoBy(policy: CompiledPolicy, asker: Asker): string {
  const how = policy.entry.approval === undefined ? "automatically by" : "with approval under";
  const when = policy.open ? `, if ${condition(policy)}` : "";
  return `also ${how} ${named(policy)} ${through(policy, asker)}${when}${demandsInWords(termsOf(policy.entry))}`;
}

/** `forbidden by policy 'nobody writes at night' because context.hour < 6` */
export function forbiddenBy(policy: CompiledPolicy, asker: Asker): string {
  const why = policy.entry.when === undefined ? through(policy, asker) : `because ${condition(policy)}`;
  return `forbidden by ${named(policy)} ${why}`;
}

/**
 * Why a permit did not permit: the groups, those of the person behind the agent, or the condition.
 *
 * It names the groups that the policy is for, to agents that are in none of them as well: a denial says how to ask, and
 * whom to talk to is part of that. Group names give no access, the operator chose them, and an agent cannot join one.
 */
export function unmet(policy: CompiledPolicy, asker: Asker): string {
  const { groups, personGroups } = asker;
  if (!groups.some((group) => policy.groups.has(group))) {
    return `${named(policy)} is for ${missing(policy.groups, "you are")}`;
  }
  const ofPerson = policy.personGroups;
  if (ofPerson !== undefined && !personGroups.some((group) => ofPerson.has(group))) {
    return `${named(policy)} is for agents that act for a person in ${missing(ofPerson, "whoever you act for is")}`;
  }
  return `${named(policy)}: its condition ${condition(policy)} is not met`;
}

/** `group sre; you are not in it` */
function missing(wanted: ReadonlySet<string>, who: string): string {
  const names = [...wanted];
  const [kind, none] = names.length === 1 ? ["group", "not in it"] : ["groups", "in none of them"];
  return `${kind} ${list(names)}; ${who} ${none}`;
}

/** `no policy allows anyone to request orders-db/foo` */
export function nobodyMay(connection: string, operation: string): string {
  return `no policy allows anyone to request ${printable(connection, 80)}/${printable(operation, 80)}`;
}

/** A condition that cannot be evaluated denies, whatever it would have decided. */
export function evaluationFailed(policy: CompiledPolicy | undefined, message: string): string {
  const which = policy === undefined ? "a policy" : named(policy);
  // Cedar's message begins with the policy's internal id.
  const why = message.replace(/^error while evaluating policy `[^`]*`: /u, "");
  return `${which} could not be evaluated, so nothing is permitted: ${printable(why)}`;
}
