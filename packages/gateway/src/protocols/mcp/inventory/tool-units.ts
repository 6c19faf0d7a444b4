import { MAX_OPERATIONS, TOO_MANY } from "../../../gate/inventory/bounds.ts";
import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import type { OperationDraft } from "../../../gate/inventory/inventory.ts";
import type { NeededPart } from "../../../gate/inventory/notes.ts";
import type { Members } from "../../../kernel/json-object.ts";
import { leavesOf } from "./arguments.ts";
import { type Call, needsOf } from "./calls.ts";
import type { Definition, Definitions } from "./definitions.ts";
import { reasonAgainst } from "./reasons.ts";
import { refusalOf } from "./scope-judge.ts";
import { actsOf } from "./tool-kinds.ts";
import { aboutOf, doingOf, thingOf } from "./tool-names.ts";
import { anyTexts, schemaOfCalls } from "./tools.ts";
import { type Left, rare, type Unit } from "./unit.ts";
import { shownName } from "./words-of-names.ts";

/** How many times a call is held against what is proposed, at the most: some seconds. */
const MAX_JUDGED = 500_000;

/** How many times calls are left out that the schema of the others does not take, at the most. */
const MAX_ROUNDS = 10;
const NOT_TAKEN = "what the other calls of the tool say of its arguments does not take it";

/** What decides about calls beside them. */
export interface Deciding {
  /** Undefined: it is not known what the server has. */
  readonly definitions: Definitions | undefined;
  readonly minSeen: number;
}

/**
 * What covers the calls of tools against which nothing speaks.
 * @param left gets the others
 * @param judging how many times a call may be held against what is proposed; counts down
 */
export function toolUnits(
  calls: readonly Call[],
  deciding: Deciding,
  left: Left[],
  judging = { left: MAX_JUDGED },
): readonly Unit[] {
  return [...Map.groupBy(mostSeen(calls, left), ({ tool }) => tool)].flatMap(([tool, all]) => {
    const definition = deciding.definitions?.get(tool);
    const apart: Left[] = [];
    const found = [...Map.groupBy(all, doneBy).values()].flatMap(
      (alike) => covered(decided(alike, definition, deciding, apart), definition, apart) ?? [],
    );
    const units = found.flatMap((each) => {
      const unit = unitOf(each.calls, each.schema);
      return isNarrow(unit, each.calls, all, apart, judging) ? [unit] : [];
    });
    left.push(...apart);
    return units;
  });
}

/** The calls of as many tools, and as many of their acts, as anybody reads: those that were seen most. */
function mostSeen(calls: readonly Call[], left: Left[]): readonly Call[] {
  const groups = [...Map.groupBy(calls, (call) => `${doneBy(call)} ${call.tool}`).values()];
  if (groups.length <= MAX_OPERATIONS) return calls;
  const sorted = groups
    .map((group) => ({ group, times: group.reduce((sum, { seen }) => sum + seen.times, 0) }))
    .toSorted((one, other) => other.times - one.times)
    .map(({ group }) => group);
  for (const { seen } of sorted.slice(MAX_OPERATIONS).flat()) left.push({ reason: TOO_MANY, seen });
  return sorted.slice(0, MAX_OPERATIONS).flat();
}

/** What calls of a tool have in common that may be in one operation: that they read, or the one thing that they do. */
function doneBy({ kind, given }: Call): string {
  // What is no word is none of the tool's acts, and set apart.
  const acts = actsOf(given).filter((act) => /^[\w.-]{1,40}$/u.test(act));
  return kind === "read" ? kind : [kind, ...acts].join(" ");
}

/** Calls of one tool against which nothing speaks. */
function decided(
  calls: readonly Call[],
  definition: Definition | undefined,
  { definitions, minSeen }: Deciding,
  left: Left[],
): readonly Call[] {
  const kept: Call[] = [];
  for (const alike of Map.groupBy(calls, ({ tool, given }) => needsOf(tool, given)).values()) {
    const times = alike.reduce((sum, { seen }) => sum + seen.times, 0);
    for (const call of alike) {
      const { seen } = call;
      const reason = reasonAgainst(call, definition, definitions !== undefined);
      if (reason !== undefined) left.push({ reason, seen, call });
      else if (times >= minSeen) kept.push(call);
      else left.push(rare(minSeen, { seen, call }));
    }
  }
  return kept;
}

interface Covered {
  readonly calls: readonly Call[];
  readonly schema: Members;
}

/**
 * Those of some calls that the schema of all takes, with it. A text among places, or a name in another case, is not taken: then the
 * schema is that of the others, and so on.
 */
function covered(
  calls: readonly Call[],
  definition: Definition | undefined,
  left: Left[],
): Covered | undefined {
  let rest = calls;
  for (let round = 0; round < MAX_ROUNDS && rest.length > 0; round += 1) {
    const [{ tool }] = rest as readonly [Call];
    const { schema, why: problem } = schemaOfCalls(rest, definition);
    const refusal =
      schema === undefined || problem !== undefined ? undefined : refusalOf({ tools: { [tool]: schema } });
    if (schema === undefined || refusal === undefined) {
      const reason = problem ?? "no configuration can say what it needs";
      for (const call of rest) left.push({ reason, seen: call.seen, call });
      return undefined;
    }
    const refused = new Set(rest.filter(({ seen }) => refusal(seen.act) !== undefined));
    if (refused.size === 0) return { calls: rest, schema };
    for (const call of refused) left.push({ reason: NOT_TAKEN, seen: call.seen, call, isRare: true });
    rest = rest.filter((call) => !refused.has(call));
  }
  for (const call of rest) left.push({ reason: NOT_TAKEN, seen: call.seen, call, isRare: true });
  return undefined;
}

/**
 * Whether it lets through no call of the tool that is set apart for what it is, and none that does something else: reads and writes
 * are never in one operation. Otherwise its calls are set apart too.
 */
function isNarrow(
  unit: Unit,
  calls: readonly Call[],
  all: readonly Call[],
  left: Left[],
  judging: { left: number },
): boolean {
  const refusal = refusalOf(unit.scope);
  const own = new Set(calls.map(doneBy));
  const others = [
    ...left.flatMap(({ call, isRare }) => (call === undefined || isRare === true ? [] : [call])),
    ...all.filter((call) => !own.has(doneBy(call))),
  ];
  judging.left -= others.length;
  const isJudged = judging.left >= 0;
  if (isJudged && others.every(({ seen }) => refusal?.(seen.act) !== undefined)) return true;
  for (const call of calls)
    left.push({
      reason: isJudged
        ? "other calls of the tool are set apart, and no schema tells them from these"
        : "there are too many other calls of the tool to tell whether it takes them",
      seen: call.seen,
      call,
      isRare: true,
    });
  return false;
}

function unitOf(calls: readonly Call[], schema: Members): Unit {
  const [first] = calls as readonly [Call];
  const { tool, kind, given } = first;
  const acts = new Set(calls.flatMap((call) => actsOf(call.given)));
  const together = `read ${thingOf(tool).join(" ")}`;
  return {
    about: kind === "read" ? aboutOf(tool) : `${doneBy(first)} ${tool}`,
    words: acts.size > 1 ? together : doingOf(tool, given),
    together,
    risk: riskOf(calls),
    scope: { tools: { [tool]: schema } },
    acts: calls.map(({ seen }) => seen),
    parts: calls.flatMap(partsOf),
    anyText: anyTexts(schema).map((name) => `${name} of ${tool}`),
  };
}

const partsOf = ({ tool, given, seen }: Call): readonly NeededPart[] => [
  { key: tool, words: tool, seen },
  ...Object.keys(given).map((name) => ({
    key: `${tool} ${name}`,
    words: `the argument ${shownName(name)} of ${tool}`,
    seen,
  })),
];

function riskOf(calls: readonly Call[]): OperationDraft["risk"] {
  const [{ tool, kind }] = calls as readonly [Call];
  if (kind === "delete") return "high";
  const names = [tool, ...calls.flatMap(({ given }) => leavesOf(given).map(({ name }) => name))];
  return kind === "write" || names.some((name) => sensitivityOf(name) !== undefined) ? "medium" : "low";
}
