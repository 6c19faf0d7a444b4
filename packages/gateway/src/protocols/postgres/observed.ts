import { computingExtensions, countingFunctions } from "./guard/found/computing.ts";
import { ANY_NAME } from "./guard/found/patterns.ts";
import type { PostgresScope } from "./scope.ts";

/**
 * The widest scope: whatever statements can be judged, on every table and view of the database's own, with its functions
 * and what counts on sequences. Not what is listed by name alone (channels, settings, types), and no temporary tables, which exclude functions.
 */
export function observedScope(): PostgresScope {
  return {
    statements: [
      "select",
      "insert",
      "update",
      "delete",
      "copy_to",
      "copy_from",
      "call",
      "truncate",
      "refresh",
    ],
    tables: {
      [ANY_NAME]: {
        select: "all",
        insert: "all",
        update: "all",
        delete: true,
        truncate: true,
        refresh: true,
        partitions: true,
        leaky_view: "accepted",
      },
    },
    functions: [ANY_NAME, ...countingFunctions],
    procedures: [ANY_NAME],
    except: [],
    types: [],
    extensions: [...computingExtensions],
    channels: [],
    settings: [],
    temporary_tables: false,
    catalog: true,
    require_where: false,
    mask: {},
  };
}
