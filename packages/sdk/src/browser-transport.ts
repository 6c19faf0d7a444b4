import { type DpopKey, proverOf } from "./dpop.ts";
import { errorOf, MayflyError } from "./errors.ts";
import {
  ACCEPT_ANSWER,
  ACCEPT_STREAM,
  badAnswer,
  failureOf,
  MAX_ANSWER_BYTES,
  type Outgoing,
  payloadOf,
  readJson,
  type Transport,
  withinTime,
} from "./transport.ts";
import type { Problem } from "./types.generated.ts";

/** How a page reaches the gateway that served it. */
export interface BrowserOptions {
  /** The gateway's origin; left out: the page's own. The session's cookie goes nowhere else. */
  readonly url?: string;
  /** What the session gave against forged requests: sent with everything that changes something. */
  readonly csrf?: string | (() => string | Promise<string>);
  /** An access token, or how to get one, in the place of the session: no cookie is sent then. */
  readonly token?: string | (() => string | Promise<string>);
  /** The key that the access token is bound to (RFC 9449), where it is: every request then carries a fresh proof. */
  readonly dpop?: DpopKey;
  /** Left out: the browser's own. */
  readonly fetch?: typeof globalThis.fetch;
}

/** What only a page has. */
const page = globalThis as { readonly location?: { readonly origin: string } };

/**
 * Makes a transport over `fetch`, with the session's cookie. Redirects are never followed, and nothing is cached.
 */
export function browserTransport(options: BrowserOptions): Transport {
  const base = (options.url ?? page.location?.origin ?? "").replace(/\/+$/, "");

  const prover = options.dpop === undefined ? undefined : proverOf(options.dpop);

  const credentialOf = async (
    outgoing: Outgoing,
    payload: string | undefined,
  ): Promise<Readonly<Record<string, string>>> => {
    const token = typeof options.token === "function" ? await options.token() : options.token;
    if (token === undefined) return {};
    if (prover === undefined) return { authorization: `Bearer ${token}` };
    // Relative to the page, where no gateway is named: a proof names the whole URL.
    const url = new URL(`${base}${outgoing.path}`, page.location?.origin).href;
    const signed = outgoing.signsBody === true && payload !== undefined ? { body: payload } : {};
    return prover.headers({ method: outgoing.method, url, token, ...signed });
  };

  const start = async (
    outgoing: Outgoing,
    accept: string,
    signal: AbortSignal,
    isLast = false,
  ): Promise<Response> => {
    const changes = outgoing.method !== "GET";
    const csrf = !changes ? "" : typeof options.csrf === "function" ? await options.csrf() : options.csrf;
    // Called as a plain function: the browser's own refuses any other `this`.
    const send = options.fetch ?? globalThis.fetch;
    const payload = payloadOf(outgoing);
    const credential = await credentialOf(outgoing, payload);
    const response = await send(`${base}${outgoing.path}`, {
      method: outgoing.method,
      headers: {
        accept,
        ...credential,
        ...(payload === undefined ? {} : { "content-type": "application/json" }),
        ...(csrf === undefined || csrf === "" ? {} : { "x-mayfly-csrf": csrf }),
        ...outgoing.headers,
      },
      ...(payload === undefined ? {} : { body: payload }),
      credentials: options.token === undefined ? "same-origin" : "omit",
      redirect: "manual",
      cache: "no-store",
      signal,
    });
    const wantsNonce = prover?.answered({
      status: response.status,
      challenge: response.headers.get("www-authenticate"),
      nonce: response.headers.get("dpop-nonce"),
    });
    if (wantsNonce !== true || isLast) return response;
    await response.body?.cancel();
    return start(outgoing, accept, signal, true);
  };

  const unreachableBy = (cause: unknown): MayflyError => unreachable(base, cause);

  return {
    base,
    send: (outgoing) =>
      withinTime(outgoing, unreachableBy, async (signal) => {
        const response = await start(outgoing, ACCEPT_ANSWER, signal);
        return answerOf(base, response, await textOf(response));
      }),
    async stream(outgoing) {
      try {
        const response = await start(outgoing, ACCEPT_STREAM, outgoing.signal);
        if (response.status !== 200 || response.body === null) {
          answerOf(base, response, await textOf(response));
          throw badAnswer(base, response.status);
        }
        return parts(base, response.body, outgoing.signal);
      } catch (cause) {
        throw failureOf(cause, outgoing.signal, unreachableBy);
      }
    },
  };
}

/** What an answer says. @throws MayflyError when it is a problem, or not Mayfly's (a redirect has status 0) */
function answerOf(base: string, response: Response, text: string): unknown {
  const type = response.headers.get("content-type") ?? "";
  if (response.ok) return type.includes("json") ? readJson(text) : text;
  if (type.startsWith("application/problem+json")) throw errorOf(readJson(text) as Problem);
  throw badAnswer(base, response.status);
}

async function textOf(response: Response): Promise<string> {
  if (response.body === null) return "";
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const chunk of chunksOf(response.body)) {
    length += chunk.length;
    if (length > MAX_ANSWER_BYTES) throw new Error("the answer is too long");
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** A stream's chunks: not every browser can loop over one. Leaving the loop closes the connection. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // Already closed or failed: there is nothing left to cancel.
    await reader.cancel().catch(() => undefined);
  }
}

async function* parts(
  base: string,
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  try {
    yield* chunksOf(body);
  } catch (cause) {
    throw failureOf(cause, signal, (why) => unreachable(base, why));
  }
}

function unreachable(base: string, cause: unknown): MayflyError {
  const why = cause instanceof Error && cause.message !== "" ? cause.message : "no connection";
  return new MayflyError("unreachable", `cannot reach ${base === "" ? "the gateway" : base}: ${why}`, {
    cause,
    hint: "check the network; Mayfly may be restarting",
  });
}
