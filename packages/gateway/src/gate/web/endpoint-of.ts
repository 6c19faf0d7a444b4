import type { Endpoint } from "../direct-paths.ts";

/** Where a URL of http or https leads. */
export function endpointOf(url: string): Endpoint {
  const { protocol, hostname, port } = new URL(url);
  // A URL writes an IPv6 address in brackets (RFC 3986, section 3.2.2); everything else takes it without.
  const host = hostname.replace(/^\[|\]$/g, "");
  const speaks = protocol === "https:" ? "https" : "http";
  return { host, port: port === "" ? (speaks === "https" ? 443 : 80) : Number(port), speaks };
}
