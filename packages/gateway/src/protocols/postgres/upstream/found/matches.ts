import type { PatternMatch } from "../../../../gate/protocol.ts";
import type { Clock } from "../../../../kernel/clock.ts";
import { matchesOf } from "../../guard/found/concrete.ts";
import { isPattern } from "../../guard/found/patterns.ts";
import type { PostgresScope } from "../../scope.ts";
import type { Target } from "../../target.ts";
import { withOwnConnection } from "../own-connection.ts";
import { foundOf } from "./answer.ts";
import { foundQuestion } from "./question.ts";

/** How long looking may take, milliseconds. */
const MATCHES_MS = 60_000;

/**
 * What a scope's patterns and exceptions match on a database now, as a session that starts now would have it.
 * @throws UpstreamError whose message names no credential
 */
export async function patternMatches(
  target: Target,
  scope: PostgresScope,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly PatternMatch[]> {
  const named = [...Object.keys(scope.tables), ...scope.functions, ...scope.procedures];
  const sql = named.some(isPattern) ? foundQuestion([scope]) : undefined;
  if (sql === undefined) return [];
  return withOwnConnection(target, clock, signal, MATCHES_MS, async ({ ask }) =>
    matchesOf(scope, foundOf(await ask(sql))),
  );
}
