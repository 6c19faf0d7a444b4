import type { NamedScope, Verdict } from "../../../gate/protocol.ts";
import type { PostgresScope } from "../scope.ts";
import { inspect } from "./facts.ts";
import { loadGrammar } from "./grammar.ts";
import { compileScopes } from "./verdicts.ts";

/**
 * One try-out session for `mayflyd judge`: texts in order, as one client would send them, no database touched. What
 * a session remembers counts: an EXECUTE of a name that was not prepared in it is denied.
 */
export function trial(
  scopes: readonly NamedScope<PostgresScope>[],
  searchPath: readonly string[] = ["public"],
): (act: string) => Promise<Verdict> {
  const judge = compileScopes(scopes, searchPath);
  const prepared = new Set<string>();
  return async (sql) => {
    await loadGrammar();
    const verdict = judge({ sql });
    if (verdict.verdict !== "permit") return verdict;
    for (const facts of inspect(sql)) {
      if (facts.executes !== undefined && !prepared.has(facts.executes))
        return {
          verdict: "deny",
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
