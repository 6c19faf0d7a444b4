import type { Access } from "@mayfly/sdk";

/** The ways in as a native client on this machine needs them. */
export interface WaysIn {
  readonly dsn?: string;
  readonly url?: string;
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Adds to the gateway's answer what only this side knows: where the CA lies with which clients verify the gateway.
 * @param caFile absolute path of the CA that the gateway's certificate is checked with; undefined: the system's
 */
export function waysIn(access: Access, caFile: string | undefined): WaysIn {
  const verifies = access.env["PGSSLMODE"]?.startsWith("verify-") === true;
  const file = caFile ?? process.env["NODE_EXTRA_CA_CERTS"];
  let { dsn } = access;
  // Drivers read sslrootcert from the connection string; not all of them read PGSSLROOTCERT.
  if (verifies && dsn !== undefined && file !== undefined && !dsn.includes("sslrootcert=")) {
    dsn += `${dsn.includes("?") ? "&" : "?"}sslrootcert=${encodeURIComponent(file)}`;
  }
  return {
    ...(dsn === undefined ? {} : { dsn }),
    ...(access.url === undefined ? {} : { url: access.url }),
    // libpq: `system` means the system's CAs; without a value it looks for ~/.postgresql/root.crt.
    env: { ...(verifies ? { PGSSLROOTCERT: file ?? "system" } : {}), ...access.env },
  };
}
