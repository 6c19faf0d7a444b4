import type { Clause, Expr, PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import { conjuncts, references } from "./expression.ts";
import { knownContext, operationId } from "./schema.ts";
import type { PolicyEntry } from "./types.ts";
import type { When } from "./when.ts";

/** One policy of the configuration, ready to decide. */
export interface CompiledPolicy {
  readonly entry: PolicyEntry;
  /** Its id among Cedar's policies. Not its name, which is anybody's text. */
  readonly id: string;
  readonly groups: ReadonlySet<string>;
  /** Of the person behind the principal; undefined where the policy asks for none. */
  readonly personGroups: ReadonlySet<string> | undefined;
  readonly operations: ReadonlySet<string>;
  /** The whole policy. */
  readonly policy: PolicyJson;
  /**
   * For listing: a permit that holds when those parts of the condition hold that can be known before anything is asked
   * for. Left out when there are none.
   */
  readonly known?: PolicyJson;
  /** Whether a part of the condition depends on what is asked for, when and from where. */
  readonly open: boolean;
}

/**
 * Builds Cedar's JSON form of a policy. No name is ever pasted into policy text, so no quoting can go wrong.
 * @see https://docs.cedarpolicy.com/policies/json-format.html
 */
export function compilePolicy(id: string, entry: PolicyEntry, when: When | undefined): CompiledPolicy {
  const compiled = {
    entry,
    id,
    groups: new Set(entry.groups),
    personGroups: entry.personGroups === undefined ? undefined : new Set(entry.personGroups),
    operations: new Set(entry.operations),
    policy: policyOf(entry, entry.forbid ? "forbid" : "permit", when === undefined ? [] : [when.body]),
  };
  if (when === undefined) return { ...compiled, open: false };
  const parts = conjuncts(when.body);
  const known = parts.filter(isKnown);
  const open = known.length < parts.length;
  return known.length === 0
    ? { ...compiled, open }
    : { ...compiled, open, known: policyOf(entry, "permit", known) };
}

/** Whether a condition depends only on who asks for which operation. */
function isKnown(condition: Expr): boolean {
  const { context } = references(condition);
  return context !== undefined && [...context].every((name) => knownContext.has(name));
}

function policyOf(entry: PolicyEntry, effect: PolicyJson["effect"], conditions: readonly Expr[]): PolicyJson {
  const groups = entry.groups.map((id) => ({ type: "Group", id }));
  const operations = entry.operations.map((name) => ({
    type: "Operation",
    id: operationId(entry.connection, name),
  }));
  const clauses = [
    oneOf("principal", groups),
    ...(entry.personGroups === undefined ? [] : [personInOneOf(entry.personGroups)]),
    oneOf("resource", operations),
    ...conditions,
  ];
  return {
    effect,
    principal: { op: "All" },
    action: { op: "==", entity: { type: "Action", id: "request" } },
    resource: { op: "in", entity: { type: "Connection", id: entry.connection } },
    conditions: clauses.map((body): Clause => ({ kind: "when", body })),
  };
}

/** `principal in [Group::"a", Group::"b"]` */
function oneOf(
  variable: "principal" | "resource",
  entities: readonly { readonly type: string; readonly id: string }[],
): Expr {
  const set = entities.map((entity): Expr => ({ Value: { __entity: { type: entity.type, id: entity.id } } }));
  return { in: { left: { Var: variable }, right: { Set: set } } };
}

/** `context.person_groups.containsAny(["a", "b"])`: the principal's own groups are entities, and no part of it. */
function personInOneOf(groups: readonly string[]): Expr {
  return {
    containsAny: {
      left: { ".": { left: { Var: "context" }, attr: "person_groups" } },
      right: { Set: groups.map((group): Expr => ({ Value: group })) },
    },
  };
}
