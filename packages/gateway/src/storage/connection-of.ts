import type { ClientConfig } from "pg";
import { parse, toClientConfig } from "pg-connection-string";

/** Where no network carries what is said: the loopback addresses (RFC 1122, RFC 4291), and a folder of sockets. */
const isOnThisMachine = (host: string): boolean =>
  host === "localhost" || host === "::1" || host.startsWith("/") || /^127(\.\d+){3}$/.test(host);

/**
 * How to connect to the store at a URL. Whoever could write into that connection could write grants, so it is TLS with a
 * verified certificate (`sslmode=verify-full`) unless the store is on this machine or the URL says otherwise
 * (`sslmode=disable`, `sslmode=no-verify`); what NODE_TLS_REJECT_UNAUTHORIZED and PGSSLMODE say changes nothing.
 * @param url with the credential in it
 * @throws Error when the URL names a file that cannot be read (`sslrootcert`, `sslcert`, `sslkey`)
 */
export function connectionOf(url: string): ClientConfig {
  const { ssl, ...parsed } = parse(url);
  // Without a host pg would ask PGHOST.
  const host = parsed.host === null || parsed.host === "" ? "localhost" : parsed.host;
  return { ...toClientConfig(parsed), host, ssl: tlsOf(ssl, host) };
}

function tlsOf(ssl: ReturnType<typeof parse>["ssl"], host: string): ClientConfig["ssl"] {
  if (ssl === undefined) return isOnThisMachine(host) ? false : { rejectUnauthorized: true };
  if (ssl === false || ssl === "false" || ssl === "disable") return false;
  return typeof ssl === "object"
    ? { rejectUnauthorized: true, ...(ssl as Exclude<ClientConfig["ssl"], boolean | undefined>) }
    : { rejectUnauthorized: true };
}
