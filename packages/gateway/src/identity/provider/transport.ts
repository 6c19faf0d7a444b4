import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";

/** One request to the provider. */
export interface ProviderRequest {
  readonly method: "GET" | "POST";
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly signal: AbortSignal;
  readonly redirect: "manual";
}

/** What came back; the body is read with a limit. */
export interface ProviderResponse {
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly body: AsyncIterable<Uint8Array> | null;
}

/** How the provider is reached; the global `fetch` fits, and tests put their own here. */
export type Fetch = (url: string, request: ProviderRequest) => Promise<ProviderResponse>;

/**
 * Reaches a provider over HTTP. It follows no redirects, keeps no cookies and uses no proxy.
 * @param ca PEM of the only CA to trust for its certificate; left out, Node's own list counts
 */
export function providerFetch(ca: string | undefined): Fetch {
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const secure = url.startsWith("https:");
      // Verified whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      const trust = { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
      const options = { method, headers, signal, ...(secure ? trust : {}) };
      const outgoing = (secure ? requestHttps : requestHttp)(url, options, (incoming) => {
        resolve({
          status: incoming.statusCode ?? 0,
          headers: {
            get(name) {
              const value = incoming.headers[name.toLowerCase()];
              return Array.isArray(value) ? value.join(", ") : (value ?? null);
            },
          },
          body: incoming,
        });
      });
      outgoing.on("error", reject);
      outgoing.end(body);
    });
}
