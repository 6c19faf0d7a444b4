/** One act on a PostgreSQL connection: the text of a Query or Parse message, exactly as it goes on. */
export interface PostgresAct {
  readonly sql: string;
}
