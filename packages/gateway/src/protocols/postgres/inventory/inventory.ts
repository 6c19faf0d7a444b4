import type { Inventory } from "../../../gate/inventory/inventory.ts";
import type { PostgresScope } from "../scope.ts";
import type { Target } from "../target.ts";
import { judgeOf } from "./judge.ts";
import { likenessOf } from "./likeness.ts";
import { propose } from "./propose.ts";
import { recorded } from "./recorded.ts";
import { searchPathOf } from "./search-path.ts";
import { shownStatement } from "./shown.ts";
import { postgresSources } from "./sources.ts";
import { unused } from "./unused.ts";

/** How operations on a PostgreSQL connection are proposed from what was done. */
export const postgresInventory: Inventory<PostgresScope> = {
  act: "statement",
  part: "database",
  structure: "what pg_dump --schema-only prints",
  freely: "transactions, settings, what every session may ask",
  sources: postgresSources,
  recorded,
  emptyHint: "does the log hold statements (log_statement = 'all'), and is it in the format that was read?",
  formatHint: "PostgreSQL writes one with log_destination = 'jsonlog' or 'csvlog'",
  checkHint:
    "--schema says which table has which column; without it more is refused than a session would refuse",
  within: (target) => (target as Target).database,
  targetDraft: (connection, database, target) => ({
    postgres: {
      host: "db.internal",
      database: database ?? connection,
      user: "mayfly",
      password: { env: `${connection.toUpperCase().replaceAll(/[^A-Z0-9]+/gu, "_")}_PASSWORD` },
      ...(target === undefined ? {} : { search_path: searchPathOf(target) }),
    },
  }),
  likeness: likenessOf,
  shown: shownStatement,
  judge: judgeOf,
  propose,
  unused,
};
