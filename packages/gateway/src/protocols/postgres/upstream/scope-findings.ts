import type { PatternMatch, ScopeProblem } from "../../../gate/protocol.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { compileScope } from "../guard/compile.ts";
import { type DatabaseFacts, plainDatabase } from "../guard/database.ts";
import type { GuardDenied } from "../guard/denied.ts";
import { matchesOf } from "../guard/found/concrete.ts";
import { nothingFound } from "../guard/found/found.ts";
import { isPattern } from "../guard/found/patterns.ts";
import { grantedBy } from "../guard/granted.ts";
import { inlinedDenied, viewDenied } from "../guard/names/leaks.ts";
import { notMaskable, showsMasked } from "../guard/names/masked.ts";
import type { PostgresScope } from "../scope.ts";
import type { Target } from "../target.ts";
import { foundOf } from "./found/answer.ts";
import { foundQuestion } from "./found/question.ts";
import { leakyQuestion } from "./leaky.ts";
import { maskedColumnsOf, maskedColumnsQuestion } from "./masked-columns.ts";
import { withOwnConnection } from "./own-connection.ts";

/** How long looking may take, milliseconds. */
const FINDING_MS = 60_000;

/**
 * What a scope comes to on a database now, as a session that starts now would have it: what its patterns and exceptions
 * match, and which of its views, functions and masked columns would be denied. What other operations of a grant add is not counted in.
 * @throws UpstreamError whose message names no credential
 */
export async function scopeFindings(
  target: Target,
  scope: PostgresScope,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly (PatternMatch | ScopeProblem)[]> {
  const named = [...Object.keys(scope.tables), ...scope.functions, ...scope.procedures];
  if (named.length === 0) return [];
  const patterns = named.some(isPattern) ? foundQuestion([scope]) : undefined;
  return withOwnConnection(target, clock, signal, FINDING_MS, async ({ ask }) => {
    const found = patterns === undefined ? nothingFound : foundOf(await ask(patterns));
    const matches = patterns === undefined ? [] : matchesOf(scope, found);
    const leaky = leakyQuestion(grantedBy([{ name: "", scope }], found)).join(" UNION ");
    const rows = leaky === "" ? [] : await ask(leaky);
    const masked = maskedColumnsQuestion({ scopes: [{ name: "", scope }] });
    const masks = masked === undefined ? undefined : maskedColumnsOf(await ask(masked));
    const problems = [
      ...rows.flatMap(([kind, name]) => problemOf(scope, kind ?? "", name ?? "")),
      ...(masks === undefined ? [] : maskProblems(scope, { ...plainDatabase, found, masks })),
    ];
    return [...matches, ...problems.toSorted(byWords)];
  });
}

function byWords(one: ScopeProblem, other: ScopeProblem): number {
  const words = ({ what, problem }: ScopeProblem): string => `${what}: ${problem}`;
  return words(one) < words(other) ? -1 : 1;
}

/** Masks that the database cannot keep, and what shows masked columns under another name. */
function maskProblems(scope: PostgresScope, database: DatabaseFacts): readonly ScopeProblem[] {
  const said = (what: string, denied: GuardDenied): ScopeProblem => ({
    what,
    problem: denied.message,
    hint: denied.advice ?? "",
  });
  const columns = Object.keys(scope.mask).flatMap((full) => {
    const denied = notMaskable(full, scope, database.masks ?? new Map());
    return denied === undefined ? [] : [said("mask", denied)];
  });
  const tables = [...compileScope("", scope, [], database).tables].flatMap(([name, { shows }]) =>
    shows === undefined ? [] : [said("tables", showsMasked(name, shows))],
  );
  return [...columns, ...tables];
}

function problemOf({ tables }: PostgresScope, kind: string, name: string): readonly ScopeProblem[] {
  if (kind === "hides") return [];
  const table = tables[name];
  if (typeof table === "object" && !Array.isArray(table) && table.leaky_view === "accepted") return [];
  const { message, advice = "" } = kind === "leaky" ? viewDenied(name) : inlinedDenied(name);
  return [
    { what: kind === "leaky" ? `tables: ${name}` : `functions: ${name}`, problem: message, hint: advice },
  ];
}
