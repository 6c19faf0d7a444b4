import type { Access, AccessGrant, Endpoints } from "../../gate/access.ts";

/**
 * The ways in for PostgreSQL's clients: a connection URI and the variables that libpq reads (PostgreSQL documentation,
 * "Connection Strings" and "Environment Variables"). Without a port there are none.
 */
export function postgresAccess({ id, connection, secret }: AccessGrant, endpoints: Endpoints): Access {
  if (endpoints.port === undefined) return { protocol: "postgres", env: {} };
  const { hostname } = new URL(endpoints.url);
  const port = String(endpoints.port);
  const password = secret === undefined ? "" : `:${secret}`;
  return {
    protocol: "postgres",
    dsn: `postgresql://${id}${password}@${hostname}:${port}/${connection}?sslmode=verify-full`,
    env: {
      PGHOST: hostname.replace(/^\[|\]$/g, ""),
      PGPORT: port,
      PGUSER: id,
      PGDATABASE: connection,
      PGSSLMODE: "verify-full",
      ...(secret === undefined ? {} : { PGPASSWORD: secret }),
    },
    ...(secret === undefined ? {} : { secret }),
  };
}
