/** What of a statement's place in the log is not the usual. */
export interface Logged {
  readonly user?: string;
  readonly database?: string;
  /** As the server writes it. */
  readonly at?: string;
}

/** A line of the server's jsonlog: a statement of a client's. */
export const jsonLine = (sql: string, { user = "app", database = "shop", at }: Logged = {}): string =>
  JSON.stringify({
    timestamp: at ?? "2026-11-01 12:00:00.000 UTC",
    user,
    dbname: database,
    session_id: `${user}.${database}`,
    error_severity: "LOG",
    message: `statement: ${sql}`,
    application_name: "psql",
    backend_type: "client backend",
  });

/** A jsonlog of these statements. */
export const jsonLog = (statements: readonly string[], logged?: Logged): string =>
  statements.map((sql) => `${jsonLine(sql, logged)}\n`).join("");
