import type { NamedScope } from "../../../gate/protocol.ts";
import type { Clock } from "../../../kernel/clock.ts";
import { type DatabaseFacts, withColumns, withFound, withHiddenPlans, withMasks } from "../guard/database.ts";
import { nothingFound } from "../guard/found/found.ts";
import { grantedBy } from "../guard/granted.ts";
import { identifier } from "../guard/structure/sql.ts";
import type { PostgresScope } from "../scope.ts";
import type { Target } from "../target.ts";
import { databaseQuestion, factsOf } from "./database-facts.ts";
import { foundOf } from "./found/answer.ts";
import { foundQuestion } from "./found/question.ts";
import { withOwnConnection } from "./own-connection.ts";
import { maskedColumnsOf, maskedColumnsQuestion } from "./masked-columns.ts";
import { plainTablesOf, plainTablesQuestion } from "./plain-tables.ts";
import { columnsOf, columnsQuestion, withParts } from "./table-columns.ts";

/** How long asking may take, milliseconds. */
const ASKING_MS = 60_000;

/**
 * What a session that starts now would find of a database, as far as its verdicts and what leaves depend on it.
 * @throws UpstreamError whose message names no credential
 */
export async function databaseNow(
  target: Target,
  scopes: readonly NamedScope<PostgresScope>[],
  clock: Clock,
  signal: AbortSignal,
): Promise<DatabaseFacts> {
  const asked = foundQuestion(scopes.map(({ scope }) => scope));
  return withOwnConnection(target, clock, signal, ASKING_MS, async ({ ask }) => {
    await ask(`SET search_path TO ${target.search_path.map(identifier).join(", ")}`);
    const found = asked === undefined ? nothingFound : foundOf(await ask(asked));
    const granted = grantedBy(scopes, found);
    const { tables } = granted;
    const facts = withFound(factsOf(await ask(databaseQuestion(granted))), found);
    const told = granted.hidesColumns
      ? withColumns(facts, withParts(columnsOf(await ask(columnsQuestion(granted))), granted))
      : facts;
    const question = maskedColumnsQuestion(granted);
    const masked = withMasks(told, question === undefined ? undefined : maskedColumnsOf(await ask(question)));
    if (granted.catalog || tables.size === 0) return masked;
    const plain = plainTablesOf(await ask(plainTablesQuestion(tables)));
    return plain.size === tables.size ? masked : withHiddenPlans(masked, plain);
  });
}
