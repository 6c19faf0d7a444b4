import { MayflyError } from "./errors.ts";
import type { Access } from "./types.generated.ts";

/** Where and how to connect to PostgreSQL, by the names that node-postgres and postgres.js share. */
export interface PostgresOptions {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Always verified: by the CA that the SDK was given, else by those that Node trusts. */
  readonly ssl: { readonly ca?: string };
}

/**
 * The way in for Node's drivers. A connection string cannot carry the CA itself, and node-postgres lets one that says
 * `sslmode` overrule its option `ssl`.
 * @throws MayflyError no_postgres
 */
export function postgresOptions({ env, protocol }: Access, ca: string | undefined): PostgresOptions {
  const { PGHOST: host, PGPORT: port, PGUSER: user, PGPASSWORD: password, PGDATABASE: database } = env;
  if (
    host === undefined ||
    port === undefined ||
    user === undefined ||
    password === undefined ||
    database === undefined
  )
    throw new MayflyError("no_postgres", `the grant's connection has no way in for PostgreSQL: ${protocol}`, {
      hint: "use access.env, access.url or access.dsn, whichever the connection has",
    });
  return { host, port: Number(port), user, password, database, ssl: ca === undefined ? {} : { ca } };
}
