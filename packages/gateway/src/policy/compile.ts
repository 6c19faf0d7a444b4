import type { PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import { approversOf } from "./approvers.ts";
import { compilePolicy, type CompiledPolicy } from "./cedar-policy.ts";
import { explainCedarError } from "./cedar-errors.ts";
import { decide, type OperationPolicies } from "./decide.ts";
import { cedarEngine, type Engine } from "./engine.ts";
import { breakGlassProblems } from "./break-glass.ts";
import { problemsOfEntry, type Inventory } from "./check-entries.ts";
import { outlook } from "./outlook.ts";
import { operationId, schema } from "./schema.ts";
import type { Policies, PolicyAsk, PolicyEntry, PolicyProblem, Shadow } from "./types.ts";
import { parseWhen, validateWhens, type When } from "./when.ts";

/** Policies, or everything that is wrong with them. */
export type Compilation =
  | { readonly ok: true; readonly policies: Policies }
  | { readonly ok: false; readonly problems: readonly PolicyProblem[] };

/** Cedar keeps parsed policies under a name for the whole thread; a name is never used twice. */
let compilations = 0;

/**
 * Compiles `policies:` to Cedar: all of them, or none.
 * @param entries in the order of the file, checked for form
 * @param inventory operations by connection
 * @param engine left out: Cedar; another one in tests
 * @returns the policies, or all problems in the order of the file
 * @throws Error when Cedar itself fails; then nothing may start with these policies
 */
export function compilePolicies(
  entries: readonly PolicyEntry[],
  inventory: Inventory,
  engine: Engine = cedarEngine,
): Compilation {
  const problems = [
    ...duplicates(entries),
    ...entries.flatMap((entry, index) => problemsOfEntry(index, entry, inventory)),
    ...breakGlassProblems(entries),
  ];
  const { whens, problems: unreadable } = readWhens(engine, entries, inventory);
  problems.push(...unreadable);
  if (problems.length > 0) return { ok: false, problems: problems.toSorted((a, b) => a.index - b.index) };
  const compiled = entries.map((entry, index) => compilePolicy(idOf(index), entry, whens.get(idOf(index))));
  problems.push(...compiledProblems(engine, compiled));
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, policies: withShadow(engine, compiled) };
}

/** The policies that decide; and beside them, where some are in shadow, all. */
function withShadow(engine: Engine, compiled: readonly CompiledPolicy[]): Policies {
  const shadows = compiled.filter(({ entry }) => entry.shadow === true);
  if (shadows.length === 0) return policiesOf(engine, compiled);
  const shadow: Shadow = {
    policies: policiesOf(engine, compiled),
    isAbout: (connection, operations) =>
      shadows.some(
        ({ entry }) =>
          entry.connection === connection && entry.operations.some((each) => operations.includes(each)),
      ),
  };
  return policiesOf(
    engine,
    compiled.filter(({ entry }) => entry.shadow !== true),
    shadow,
  );
}

function idOf(index: number): string {
  return `p${index}`;
}

function duplicates(entries: readonly PolicyEntry[]): readonly PolicyProblem[] {
  const seen = new Set<string>();
  return entries.flatMap(({ name }, index) => {
    const again = seen.has(name);
    seen.add(name);
    const message = "another policy has the same name";
    return again
      ? [{ index, member: "name" as const, message, hint: "decisions name their policy: give each its own" }]
      : [];
  });
}

function readWhens(
  engine: Engine,
  entries: readonly PolicyEntry[],
  inventory: Inventory,
): { readonly whens: ReadonlyMap<string, When>; readonly problems: readonly PolicyProblem[] } {
  const connections = [...inventory.keys()];
  const operations = Array.from(inventory, ([connection, names]) =>
    names.map((name) => operationId(connection, name)),
  ).flat();
  const whens = new Map<string, When>();
  const problems: PolicyProblem[] = [];
  for (const [index, { when }] of entries.entries()) {
    if (when === undefined) continue;
    const read = parseWhen(engine, when, connections, operations);
    if ("when" in read) whens.set(idOf(index), read.when);
    else problems.push({ index, member: "when", ...read.problem });
  }
  for (const [id, problem] of validateWhens(engine, whens)) {
    problems.push({ index: Number(id.slice(1)), member: "when", ...problem });
  }
  return { whens, problems };
}

/**
 * Validates what will decide, not only the texts it came from: whole policies, and the parts of conditions that are
 * judged alone for listings.
 * @throws Error when Cedar refuses to look: then this folder has built a policy wrongly, and nothing may start with it
 */
function compiledProblems(engine: Engine, compiled: readonly CompiledPolicy[]): readonly PolicyProblem[] {
  const policies = compiled.flatMap(({ id, policy, known }, index) => [
    { index, id, policy },
    ...(known === undefined ? [] : [{ index, id: knownOf(id), policy: known }]),
  ]);
  const answer = engine.validate({
    schema,
    policies: { staticPolicies: Object.fromEntries(policies.map(({ id, policy }) => [id, policy])) },
  });
  if (answer.type !== "success") {
    throw new Error(
      `compiled policies are not valid: ${answer.errors.map(({ message }) => message).join("; ")}`,
    );
  }
  const refused = new Map(answer.validationErrors.map(({ policyId, error }) => [policyId, error]));
  return policies.flatMap(({ index, id }) => {
    const error = refused.get(id);
    return error === undefined
      ? []
      : [{ index, member: "when", offset: 0, ...explainCedarError(error.message, error.help) }];
  });
}

function policiesOf(engine: Engine, compiled: readonly CompiledPolicy[], shadow?: Shadow): Policies {
  compilations += 1;
  const made = new Map<string, OperationPolicies>();
  const sets = new Map<string, OperationPolicies>();
  const entries = Map.groupBy(
    compiled.map(({ entry }) => entry),
    ({ connection }) => connection,
  );
  const setOf = ({ connection, operation, context }: PolicyAsk): OperationPolicies | undefined =>
    sets.get(setKey(connection, operation, context.break_glass));
  for (const [key, policies] of inModes(compiled)) {
    // Operations with the same policies share a set.
    const same = policies.map(({ id }) => id).join(" ");
    const set = made.get(same) ?? prepareSet(engine, `${compilations}/${made.size}`, policies);
    made.set(same, set);
    sets.set(key, set);
  }
  const policies: Policies = Object.freeze({
    decide: (ask) => decide(engine, setOf(ask), ask),
    outlook: (ask) => {
      const set = setOf(ask);
      return outlook(engine, set, knownOf(set?.id ?? ""), ask);
    },
    approvers: (connection, operations) => approversOf(entries.get(connection) ?? [], connection, operations),
    demandsClosedPaths: (connection, operations) =>
      shadow?.policies.demandsClosedPaths(connection, operations) ??
      (entries.get(connection) ?? []).some(
        (entry) =>
          entry.closedPaths !== undefined && entry.operations.some((each) => operations.includes(each)),
      ),
    ...(shadow === undefined ? {} : { shadow }),
  } satisfies Policies);
  const ids = Array.from(made.values(), ({ id }) => [id, knownOf(id)]).flat();
  abandoned.register(policies, () => {
    for (const id of ids) prepare(engine, id, []);
  });
  return policies;
}

/** Gives policies to the engine, whole and their known parts. */
function prepareSet(engine: Engine, id: string, policies: readonly CompiledPolicy[]): OperationPolicies {
  prepare(
    engine,
    id,
    policies.map((policy) => [policy.id, policy.policy]),
  );
  prepare(
    engine,
    knownOf(id),
    policies.flatMap((policy) => (policy.known === undefined ? [] : [[policy.id, policy.known]])),
  );
  return { id, policies };
}

/** Names come from whoever asks: no two triples have one key. */
function setKey(connection: string, operation: string, breakGlass: boolean): string {
  return JSON.stringify([connection, operation, breakGlass]);
}

/**
 * Each operation's policies twice, for ordinary asks and for breaking glass. What permits the one is no part of the
 * other, so that no condition and no error of ours can let it count there; what forbids is part of both. Policies about
 * other operations are no part of either: they could decide nothing, and each would cost an evaluation.
 */
function inModes(compiled: readonly CompiledPolicy[]): ReadonlyMap<string, readonly CompiledPolicy[]> {
  const sets = new Map<string, CompiledPolicy[]>();
  for (const policy of compiled) {
    const { forbid, breakGlass, connection } = policy.entry;
    for (const mode of forbid ? [false, true] : [breakGlass === true]) {
      for (const operation of policy.operations) {
        const key = setKey(connection, operation, mode);
        const set = sets.get(key);
        if (set === undefined) sets.set(key, [policy]);
        else set.push(policy);
      }
    }
  }
  return sets;
}

function knownOf(id: string): string {
  return `${id}/known`;
}

/** Cedar cannot drop a parsed set; after a reload, the one that nobody uses any more is emptied to give its memory back. */
const abandoned = new FinalizationRegistry<() => void>((empty) => {
  try {
    empty();
  } catch {
    // Only memory is lost; thrown from here, it would end the process.
  }
});

function prepare(engine: Engine, id: string, policies: readonly (readonly [string, PolicyJson])[]): void {
  const answer = engine.preparsePolicySet(id, { staticPolicies: Object.fromEntries(policies) });
  if (answer.type !== "success") {
    throw new Error(
      `policies could not be prepared: ${answer.errors.map(({ message }) => message).join("; ")}`,
    );
  }
}
