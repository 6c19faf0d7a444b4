import type { Grant } from "../grants/types.ts";
import type { Access } from "../api/services.ts";
import { kubeconfigOf } from "./kubeconfig.ts";

/** Where clients reach the gateway. */
export interface Doors {
  /** The configuration's `url`. */
  readonly url: string;
  /** The PostgreSQL port that clients see. */
  readonly postgresPort: number | undefined;
  /** PEM of the CA that the gateway made for itself, if it did. */
  readonly ca?: string | undefined;
}

/**
 * The ready-made ways in of a grant, in the words of its protocol's own clients.
 * @param kind the protocol of the grant's connection
 * @param secret put into the DSN and the variables when it is given
 */
export function accessOf(grant: Grant, kind: string, doors: Doors, secret: string | undefined): Access {
  if (kind !== "postgres") return webAccess(grant, kind, doors, secret);
  if (doors.postgresPort === undefined) return { protocol: kind, env: {} };
  const { hostname } = new URL(doors.url);
  const port = String(doors.postgresPort);
  const password = secret === undefined ? "" : `:${secret}`;
  const bracketless = hostname.replace(/^\[|\]$/g, "");
  const dsn = `postgresql://${grant.id}${password}@${hostname}:${port}/${grant.connection}?sslmode=verify-full`;
  return {
    protocol: kind,
    dsn,
    env: {
      PGHOST: bracketless,
      PGPORT: port,
      PGUSER: grant.id,
      PGDATABASE: grant.connection,
      PGSSLMODE: "verify-full",
      ...(secret === undefined ? {} : { PGPASSWORD: secret }),
    },
    ...(secret === undefined ? {} : { secret }),
  };
}

/** The ways in of a protocol over HTTP: where it is, and the bearer that stands for the grant. */
function webAccess(grant: Grant, kind: string, doors: Doors, secret: string | undefined): Access {
  const gateway = doors.url.replace(/\/+$/, "");
  const url = `${gateway}/${kind}/${grant.connection}`;
  const bearer = secret === undefined ? undefined : `${grant.id}.${secret}`;
  return {
    protocol: kind,
    url,
    ...(kind === "kubernetes"
      ? {
          kubeconfig: kubeconfigOf({
            gateway,
            connection: grant.connection,
            ...(doors.ca === undefined ? {} : { ca: doors.ca }),
            ...(bearer === undefined ? {} : { bearer }),
          }),
        }
      : {}),
    env: {
      [`MAYFLY_${kind.toUpperCase()}_URL`]: url,
      ...(bearer === undefined ? {} : { MAYFLY_TOKEN: bearer }),
    },
    ...(bearer === undefined ? {} : { secret: bearer }),
  };
}
