import type { DetailedError, Expr, PolicyJson } from "@cedar-policy/cedar-wasm/nodejs";
import { messageOf } from "../kernel/errors.ts";
import { closestName, nameHint } from "../kernel/closest-name.ts";
import { explainCedarError, isImpossible, unknownName } from "./cedar-errors.ts";
import type { Engine } from "./engine.ts";
import { depth, references, type References } from "./expression.ts";
import { printable } from "./printable.ts";
import { contextNames, principalNames, schema } from "./schema.ts";
import { tokenize, type Token, type WhenProblem } from "./tokens.ts";
import { functions, operators } from "./vocabulary.ts";

/** A condition that is one closed expression, as Cedar's syntax tree. */
export interface When {
  readonly text: string;
  readonly body: Expr;
  readonly references: References;
}

const before = 'permit(principal, action == Action::"request", resource) when {\n';
const after = "\n};";

/** The tree goes back to Cedar as JSON, whose reader stops at 128 levels; some are the policy's own. */
const MAX_TREE_DEPTH = 100;

/**
 * Reads one `when:` text.
 *
 * The text comes out of a file, so it may try to end its policy and begin another one. It is therefore never pasted into
 * a policy that decides: it is parsed inside a policy of no consequence, which must come out with exactly the one
 * condition that was put in, and only that condition's tree goes on.
 * @param operations ids of all operations, as `Operation::"…"` names them
 */
export function parseWhen(
  engine: Engine,
  when: string,
  connections: readonly string[],
  operations: readonly string[],
): { readonly when: When } | { readonly problem: WhenProblem } {
  const scanned = tokenize(when);
  if ("problem" in scanned) return scanned;
  const { tokens } = scanned;
  let answer: ReturnType<Engine["policyToJson"]>;
  try {
    answer = engine.policyToJson(before + when + after);
  } catch (error) {
    return { problem: { offset: 0, message: `the condition could not be read: ${messageOf(error)}` } };
  }
  if (answer.type !== "success") {
    const [first] = answer.errors;
    return { problem: first === undefined ? notOne : placed(when, first) };
  }
  const body = onlyCondition(answer.json);
  if (body === undefined) return { problem: notOne };
  if (depth(body) > MAX_TREE_DEPTH) {
    return {
      problem: {
        offset: 0,
        message: "the condition is nested too deep",
        hint: "split it into several policies",
      },
    };
  }
  const refers = references(body);
  if (refers.slot) return { problem: notOne };
  const problem =
    unknownWord(refers) ??
    unknownHas(refers, tokens) ??
    unknownEntity(refers, tokens, connections, operations);
  if (problem !== undefined) return { problem };
  return { when: { text: when, body, references: refers } };
}

const notOne: WhenProblem = {
  offset: 0,
  message: "a condition is exactly one expression",
  hint: "write further conditions as further policies, or join them with &&",
};

/** The condition of a policy that is, but for its condition, the one around the text. */
function onlyCondition(policy: PolicyJson): Expr | undefined {
  const [clause, ...more] = policy.conditions;
  const untouched =
    policy.effect === "permit" &&
    policy.principal.op === "All" &&
    policy.action.op === "==" &&
    policy.resource.op === "All" &&
    Object.keys(policy.annotations ?? {}).length === 0;
  return untouched && clause?.kind === "when" && more.length === 0 ? clause.body : undefined;
}

/**
 * Validates conditions strictly against the schema: names and types.
 * @param whens by the id of their policy; all were parsed by `parseWhen`
 * @returns the first problem of each that has one
 */
export function validateWhens(
  engine: Engine,
  whens: ReadonlyMap<string, When>,
): ReadonlyMap<string, WhenProblem> {
  const problems = new Map<string, WhenProblem>();
  if (whens.size === 0) return problems;
  const texts = Object.fromEntries(Array.from(whens, ([id, { text }]) => [id, before + text + after]));
  const answer = engine.validate({ schema, policies: { staticPolicies: texts } });
  if (answer.type !== "success") {
    throw new Error(
      `the conditions could not be validated: ${answer.errors.map(({ message }) => message).join("; ")}`,
    );
  }
  // An impossible condition comes as a warning, of mixed scripts too; only the former makes the policy pointless.
  const impossible = answer.validationWarnings.filter(({ error }) => isImpossible(error.message));
  // Cedar gives the errors of one policy in no order: the first in the text is the one to correct first.
  const errors = answer.validationErrors.toSorted((a, b) => startOf(a.error) - startOf(b.error));
  for (const { policyId, error } of [...errors, ...impossible]) {
    const when = whens.get(policyId);
    if (when !== undefined && !problems.has(policyId)) problems.set(policyId, placed(when.text, error));
  }
  return problems;
}

function startOf(error: DetailedError): number {
  return error.sourceLocations?.[0]?.start ?? 0;
}

/** One of Cedar's errors, in plain words and at its place in the text. */
function placed(when: string, error: DetailedError): WhenProblem {
  const said = explainCedarError(error.message, error.help);
  const start = startOf(error);
  // Cedar counts bytes of UTF-8, from the start of the policy around the text.
  const bytes = Buffer.from(when).subarray(0, Math.max(0, start - before.length));
  const end = Math.max(0, when.trimEnd().length - 1);
  const lead = when.length - when.trimStart().length;
  const offset = Math.max(lead, Math.min(bytes.toString("utf8").length, end));
  return { offset, ...said };
}

/** What Cedar takes and a condition does not: nothing that could be asked depends on it. */
function unknownWord({ words }: References): WhenProblem | undefined {
  const word = [...words].find((each) => !operators.has(each) && !functions.has(each));
  if (word === undefined) return undefined;
  return {
    offset: 0,
    message: `\`${printable(word, 80)}\` cannot be used in a condition`,
    hint: `functions that can: ${[...functions].join(", ")}`,
  };
}

/**
 * `has` with a name that is not there: Cedar lets it pass, since it just tests false, and `!(context has resaon)` would
 * be true for ever.
 */
function unknownHas(refers: References, tokens: readonly Token[]): WhenProblem | undefined {
  for (const { variable, attribute } of refers.has) {
    const at = tokens.findIndex(
      ({ text }, index) => text === "has" && tokens[index + 1]?.text.includes(attribute) === true,
    );
    const offset = tokens[at + 1]?.offset ?? 0;
    if (variable === "context" || variable === "principal") {
      const names = variable === "context" ? contextNames : principalNames;
      if (!names.includes(attribute)) return { offset, ...unknownName(variable, attribute, names) };
    } else {
      return { offset, message: `${variable} has no \`${attribute}\`` };
    }
  }
  return undefined;
}

/** `Operation::"…"` and the like with a name that is nowhere: it would silently never match, and a forbid never forbid. */
function unknownEntity(
  refers: References,
  tokens: readonly Token[],
  connections: readonly string[],
  operations: readonly string[],
): WhenProblem | undefined {
  const places = tokens.filter(
    (_, index) => tokens[index + 1]?.text === "::" && tokens[index - 1]?.text !== "::",
  );
  for (const [index, { type, id }] of refers.entities.entries()) {
    const offset = places[index]?.offset ?? 0;
    if (type === "Agent" || type === "Person") {
      const hint = "compare principal.subject, principal.client or principal.name";
      return { offset, message: `a principal has no name that ${type}::"…" could stand for`, hint };
    }
    const names = type === "Connection" ? connections : type === "Operation" ? operations : undefined;
    if (names === undefined || names.includes(id)) continue;
    const near = closestName(id, names);
    const hint =
      near === undefined ? (nameHint(id, names) ?? "there are none") : `did you mean \`${type}::"${near}"\`?`;
    return { offset, message: `there is no ${type.toLowerCase()} \`${id}\``, hint };
  }
  return undefined;
}
