import type { Clock } from "../../kernel/clock.ts";
import type { Fetch, ProviderResponse } from "../provider/transport.ts";
import { OktaApiFailure } from "./failure.ts";

/** Time limit of one call, its body included, milliseconds. */
export const CALL_TIMEOUT_MS = 5000;
/** Maximum size of an answer, bytes, unless the caller sets another. */
const MAX_ANSWER_BYTES = 1_048_576;

/** One call of Okta's API. */
export interface HttpCall {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly maxBytes?: number;
}

/** An answer, whatever its status. */
export interface HttpAnswer {
  readonly status: number;
  readonly header: (name: string) => string | null;
  readonly text: string;
}

/** Makes a call, with a limit on time and size. @throws OktaApiFailure (`away`) without a whole answer */
export type CallHttp = (call: HttpCall) => Promise<HttpAnswer>;

/** The part of a URL that messages name: its path, without the query, which may hold anything. */
export const pathOf = (url: string): string => (URL.canParse(url) ? new URL(url).pathname : "?");

/** Calls Okta with `fetch`. No redirect is followed: it would carry the token elsewhere. */
export function httpCaller(fetch: Fetch, clock: Clock): CallHttp {
  return async ({ method, url, headers, body, maxBytes = MAX_ANSWER_BYTES }) => {
    const where = `${method} ${pathOf(url)}`;
    const abort = new AbortController();
    const late = new Promise<never>((_, reject) => {
      abort.signal.addEventListener("abort", () =>
        reject(new OktaApiFailure("away", `${where}: Okta did not answer within ${CALL_TIMEOUT_MS} ms`)),
      );
    });
    const cancel = clock.schedule(CALL_TIMEOUT_MS, () => abort.abort());
    const work = async (): Promise<HttpAnswer> => {
      const response = await fetch(url, {
        method,
        headers: { accept: "application/json", ...headers },
        ...(body === undefined ? {} : { body }),
        signal: abort.signal,
        redirect: "manual",
      });
      if (response.status >= 300 && response.status < 400)
        throw new OktaApiFailure("away", `${where}: Okta answered with a redirect, which is never followed`);
      return {
        status: response.status,
        header: (name) => response.headers.get(name),
        text: await readBody(response, where, maxBytes),
      };
    };
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      if (error instanceof OktaApiFailure) throw error;
      const { code } = error as { code?: unknown };
      const why = typeof code === "string" ? code : "the connection failed";
      throw new OktaApiFailure("away", `${where}: Okta cannot be reached (${why})`);
    } finally {
      cancel();
      // Cancels a body that was not read to its end, and closes the connection.
      abort.abort();
      late.catch(() => {});
    }
  };
}

async function readBody(response: ProviderResponse, where: string, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxBytes)
      throw new OktaApiFailure("away", `${where}: Okta's answer is longer than ${maxBytes} bytes`, {
        isTooLong: true,
      });
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new OktaApiFailure("away", `${where}: Okta's answer is not UTF-8`);
  }
}
