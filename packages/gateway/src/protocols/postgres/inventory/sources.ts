import type { ActSource } from "../../../gate/inventory/seen.ts";
import { postgresCsv } from "./csv-log.ts";
import { postgresJson } from "./json-log.ts";
import { statStatements } from "./stat-statements.ts";

/** The records of what was done at a PostgreSQL database. */
export const postgresSources: readonly ActSource[] = [postgresJson, postgresCsv, statStatements];
