import type { CustomFetch } from "openid-client";
import { messageOf } from "../../../kernel/errors.ts";
import type { Fetch } from "../../provider/transport.ts";

/** Maximum size of an answer of a token or userinfo endpoint, bytes. */
const MAX_RESPONSE_BYTES = 256 * 1024;

/** The provider did not answer, or said that it cannot now, so nothing is known. */
export class ProviderAway extends Error {}

/** The headers that openid-client reads. */
const read = ["content-type", "www-authenticate", "date", "dpop-nonce"];

/**
 * How the library reaches the provider: by the same transport as the rest of identity (the provider's own
 * CA, no redirects, no proxy), with a limit on size. The library itself limits time.
 * @throws (the result does) ProviderAway when there is no answer, or one of status 429 or 5xx
 */
export function openIdFetch(fetch: Fetch): CustomFetch {
  return async (url, { method, headers, body, signal }) => {
    const form = body instanceof URLSearchParams ? body.toString() : body;
    if (form !== undefined && form !== null && typeof form !== "string") {
      throw new TypeError("the provider is sent forms alone");
    }
    if (method !== "GET" && method !== "POST") throw new TypeError(`the provider is not sent ${method}`);
    let status: number;
    let bytes: Buffer;
    const answered = new Headers();
    try {
      const response = await fetch(url, {
        method,
        headers,
        ...(typeof form === "string" ? { body: form } : {}),
        signal: signal ?? AbortSignal.timeout(10_000),
        redirect: "manual",
      });
      ({ status } = response);
      for (const name of read) {
        const value = response.headers.get(name);
        if (value !== null) answered.set(name, value);
      }
      bytes = await bodyOf(response.body);
    } catch (thrown) {
      throw new ProviderAway(messageOf(thrown), { cause: thrown });
    }
    if (status === 429 || status >= 500) throw new ProviderAway(`status ${status}`);
    const empty = status === 204 || status === 205 || status === 304;
    return new Response(empty ? null : new Uint8Array(bytes), { status, headers: answered });
  };
}

async function bodyOf(body: AsyncIterable<Uint8Array> | null): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_RESPONSE_BYTES) throw new Error(`the answer is longer than ${MAX_RESPONSE_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Whether a chain of causes says that the provider is away. */
export function isAway(thrown: unknown): boolean {
  for (let at = thrown, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth += 1) {
    if (at instanceof ProviderAway) return true;
    if ("code" in at && (at.code === "OAUTH_TIMEOUT" || at.code === "OAUTH_ABORT")) return true;
  }
  return false;
}
