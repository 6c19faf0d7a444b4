import { Agent, fetch, type Headers } from "undici";

/** The longest answer that is read, bytes. */
const MAX_RESPONSE_BYTES = 1_048_576;
/** Slack's certificate is verified whatever NODE_TLS_REJECT_UNAUTHORIZED says. */
const verified = new Agent({ connect: { rejectUnauthorized: true } });

/** fetch, with an answer that is read up to a bound and a token that follows no redirect. */
export async function boundedFetch(
  url: string | URL,
  init: {
    method?: string;
    headers?: Record<string, string>;
    body?: string | FormData;
    signal?: AbortSignal;
  } = {},
  stopping: AbortSignal,
): Promise<{
  readonly ok: boolean;
  readonly status: number;
  readonly statusText: string;
  readonly url: string;
  readonly headers: Headers;
  arrayBuffer(): Promise<ArrayBuffer>;
  json(): Promise<unknown>;
  text(): Promise<string>;
}> {
  const signal = AbortSignal.any(init.signal === undefined ? [stopping] : [init.signal, stopping]);
  const { body, ...rest } = init;
  if (typeof body === "object") throw new TypeError("files are not sent");
  const request = { ...rest, ...(body === undefined ? {} : { body }) };
  const response = await fetch(url, { ...request, redirect: "error", signal, dispatcher: verified });
  const bytes = async (): Promise<Buffer> => {
    const chunks: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of response.body ?? []) {
      length += chunk.length;
      if (length > MAX_RESPONSE_BYTES) throw new Error("Slack's answer is too long");
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  };
  const text = async (): Promise<string> => (await bytes()).toString();
  return {
    ok: response.ok,
    status: response.status,
    statusText: response.statusText,
    url: response.url,
    headers: response.headers,
    arrayBuffer: async () => Uint8Array.from(await bytes()).buffer,
    json: async (): Promise<unknown> => JSON.parse(await text()),
    text,
  };
}
