import type { PostgresCover } from "../act.ts";
import type { NamedScope, Verdict } from "../../../gate/protocol.ts";
import type { PostgresScope } from "../scope.ts";
import { type DatabaseFacts, plainDatabase, withFound } from "./database.ts";
import { inspect } from "./facts.ts";
import { assumedFound } from "./found/assumed.ts";
import { loadGrammar, parse } from "./syntax/grammar.ts";
import { compileScopes } from "./verdicts.ts";

/**
 * One try-out session for `mayflyd judge`: texts in order, as one client would send them, no database touched. What
 * a session remembers counts: an EXECUTE of a name that was not prepared in it is denied.
 * @param asked what a database said of itself, where one was asked
 */
export function trial(
  scopes: readonly NamedScope<PostgresScope>[],
  searchPath: readonly string[] = ["public"],
  asked?: Promise<DatabaseFacts>,
): (act: string) => Promise<Verdict<PostgresCover>> {
  const judge = compileScopes(scopes, searchPath);
  const prepared = new Set<string>();
  return async (sql) => {
    await loadGrammar();
    const verdict = judge({ sql, database: (await asked) ?? databaseOf(sql, searchPath) });
    if (verdict.kind !== "permit") return verdict;
    for (const facts of inspect(sql)) {
      if (facts.executes !== undefined && !prepared.has(facts.executes))
        return {
          kind: "deny",
          denial: {
            rule: `${scopes.map((scope) => scope.name).join(", ")}: statements`,
            message: "EXECUTE of a name that this session did not prepare is denied",
            remedy: "correct",
            hint: "PREPARE it in this session first",
          },
        };
      if (facts.prepares !== undefined) prepared.add(facts.prepares);
      if (facts.deallocates !== undefined) {
        if ("all" in facts.deallocates) prepared.clear();
        else prepared.delete(facts.deallocates.name);
      }
    }
    return verdict;
  };
}

/** Without a database patterns match by their letters: what a text names is taken to exist. */
function databaseOf(sql: string, searchPath: readonly string[]): DatabaseFacts {
  try {
    return withFound(plainDatabase, assumedFound(parse(sql).statements, searchPath));
  } catch {
    // The judge says what is wrong with the text.
    return plainDatabase;
  }
}
