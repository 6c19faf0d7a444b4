import type { Clock } from "../../kernel/clock.ts";
import { parseStrictJson } from "../../kernel/strict-json.ts";
import type { Fetch, ProviderResponse } from "./transport.ts";

/** Milliseconds that one request to the provider may take, its body included. */
const REQUEST_TIMEOUT_MS = 5_000;
/** A key set of Okta's has some 2 KiB. */
const MAX_DOCUMENT_BYTES = 256 * 1024;

/** A document of the provider's could not be had; the message is for operators. */
export class DocumentFailure extends Error {}

/** What to ask for. */
export interface DocumentRequest {
  readonly url: string;
  /** A form to post; left out, it is a GET. */
  readonly form?: URLSearchParams;
  readonly authorization?: string;
}

/** Asks the provider for a JSON document, with a limit on time and size; redirects are failures. */
export type FetchDocument = (
  request: DocumentRequest,
) => Promise<{ value: unknown; maxAge: number | undefined }>;

/** @throws (the result does) DocumentFailure, whatever went wrong */
export function documentFetcher(fetch: Fetch, clock: Clock): FetchDocument {
  return async ({ url, form, authorization }) => {
    const abort = new AbortController();
    const late = new Promise<never>((_, reject) => {
      abort.signal.addEventListener("abort", () =>
        reject(new DocumentFailure(`no answer within ${REQUEST_TIMEOUT_MS} ms`)),
      );
    });
    const cancel = clock.schedule(REQUEST_TIMEOUT_MS, () => abort.abort());
    const work = async (): Promise<{ value: unknown; maxAge: number | undefined }> => {
      const response = await fetch(url, {
        method: form === undefined ? "GET" : "POST",
        headers: {
          accept: "application/json",
          ...(form === undefined ? {} : { "content-type": "application/x-www-form-urlencoded" }),
          ...(authorization === undefined ? {} : { authorization }),
        },
        ...(form === undefined ? {} : { body: form.toString() }),
        signal: abort.signal,
        redirect: "manual",
      });
      if (response.status !== 200) throw new DocumentFailure(`status ${response.status}`);
      const value = parseStrictJson(await readBody(response));
      return { value, maxAge: maxAgeOf(response.headers.get("cache-control")) };
    };
    try {
      return await Promise.race([work(), late]);
    } catch (error) {
      // The body may hold anything; only our own words about it go on.
      const why = error instanceof DocumentFailure ? error.message : reasonOf(error);
      throw new DocumentFailure(`${url}: ${why}`);
    } finally {
      cancel();
      // Ends a body that was not read to its end, and the connection with it.
      abort.abort();
      late.catch(() => {});
    }
  };
}

async function readBody(response: ProviderResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > MAX_DOCUMENT_BYTES)
      throw new DocumentFailure(`the answer is longer than ${MAX_DOCUMENT_BYTES} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
}

/** `max-age` in milliseconds (RFC 9111, section 5.2.2.1); 0 for no-store and no-cache. */
function maxAgeOf(header: string | null): number | undefined {
  const directives = (header ?? "")
    .toLowerCase()
    .split(",")
    .map((one) => one.trim());
  if (directives.includes("no-store") || directives.includes("no-cache")) return 0;
  const seconds = directives
    .map((one) => /^max-age="?(\d{1,9})"?$/.exec(one)?.[1])
    .find((one) => one !== undefined);
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return "it failed";
  const { code } = error as { code?: unknown };
  if (typeof code === "string") return code;
  return error instanceof SyntaxError || error instanceof TypeError
    ? "it is not JSON, or cannot be reached"
    : error.message;
}
