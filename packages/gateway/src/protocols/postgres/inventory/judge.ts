import type { Inventory } from "../../../gate/inventory/inventory.ts";
import { type DatabaseFacts, plainDatabase, withFound } from "../guard/database.ts";
import { assumedFound } from "../guard/found/assumed.ts";
import { isPattern } from "../guard/found/patterns.ts";
import { parse } from "../guard/syntax/grammar.ts";
import { compileScopes } from "../guard/verdicts.ts";
import type { PostgresScope } from "../scope.ts";
import { assumedDatabase, readStructure } from "./structure.ts";
import { searchPathOf } from "./search-path.ts";

/**
 * Judges statements as sessions would, each by itself: what an EXECUTE or a FETCH names was judged when it was prepared or
 * declared. No database is asked: names that a pattern could match are taken to exist.
 */
export const judgeOf: Inventory<PostgresScope>["judge"] = (scopes, { target, structure }) => {
  const searchPath = searchPathOf(target);
  const judge = compileScopes(scopes, searchPath);
  const read = structure === undefined ? undefined : readStructure(structure, searchPath[0] ?? "");
  const database = assumedDatabase(read);
  const hasPatterns = scopes.some(({ scope: { tables, functions, procedures } }) =>
    [...Object.keys(tables), ...functions, ...procedures].some(isPattern),
  );
  const factsOf = (sql: string): DatabaseFacts => {
    try {
      return withFound(database, assumedFound(parse(sql).statements, searchPath));
    } catch {
      // The judge says what is wrong with the text.
      return plainDatabase;
    }
  };
  return (sql) => judge({ sql, database: hasPatterns ? factsOf(sql) : database });
};
