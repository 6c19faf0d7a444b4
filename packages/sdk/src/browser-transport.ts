import { errorOf, MayflyError } from "./errors.ts";
import { abortedBy, badAnswer, longestAnswer, type Outgoing, readJson, type Transport } from "./transport.ts";
import type { Problem } from "./types.generated.ts";

/** How a page reaches the gateway that served it. */
export interface BrowserOptions {
  /** The gateway's origin; left out: the page's own. The session's cookie goes nowhere else. */
  readonly url?: string;
  /** What the session gave against forged requests: sent with everything that changes something. */
  readonly csrf?: string | (() => string | Promise<string>);
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

  const start = async (outgoing: Outgoing, accept: string, signal: AbortSignal): Promise<Response> => {
    const changes = outgoing.method !== "GET";
    const csrf = !changes ? "" : typeof options.csrf === "function" ? await options.csrf() : options.csrf;
    // Called as a plain function: the browser's own refuses any other `this`.
    const send = options.fetch ?? globalThis.fetch;
    return send(`${base}${outgoing.path}`, {
      method: outgoing.method,
      headers: {
        accept,
        ...(outgoing.body === undefined ? {} : { "content-type": "application/json" }),
        ...(csrf === undefined || csrf === "" ? {} : { "x-mayfly-csrf": csrf }),
        ...outgoing.headers,
      },
      ...(outgoing.body === undefined ? {} : { body: JSON.stringify(outgoing.body) }),
      credentials: "same-origin",
      redirect: "manual",
      cache: "no-store",
      signal,
    });
  };

  return {
    base,
    async send(outgoing) {
      const timeout = AbortSignal.timeout(outgoing.timeout ?? 30_000);
      const signal = outgoing.signal === undefined ? timeout : AbortSignal.any([outgoing.signal, timeout]);
      try {
        const response = await start(outgoing, "application/json, application/problem+json", signal);
        return answerOf(base, response, await textOf(response));
      } catch (cause) {
        if (cause instanceof MayflyError) throw cause;
        if (outgoing.signal?.aborted === true) throw abortedBy(outgoing.signal);
        throw unreachable(base, timeout.aborted ? new Error("no answer in time") : cause);
      }
    },
    async stream(outgoing) {
      try {
        const response = await start(
          outgoing,
          "text/event-stream, application/problem+json",
          outgoing.signal,
        );
        if (response.status !== 200 || response.body === null) {
          answerOf(base, response, await textOf(response));
          throw badAnswer(base, response.status);
        }
        return parts(base, response.body, outgoing.signal);
      } catch (cause) {
        if (cause instanceof MayflyError) throw cause;
        throw outgoing.signal.aborted ? abortedBy(outgoing.signal) : unreachable(base, cause);
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
    if (length > longestAnswer) throw new Error("the answer is too long");
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
    throw signal.aborted ? abortedBy(signal) : unreachable(base, cause);
  }
}

function unreachable(base: string, cause: unknown): MayflyError {
  const why = cause instanceof Error && cause.message !== "" ? cause.message : "no connection";
  return new MayflyError("unreachable", `cannot reach ${base === "" ? "the gateway" : base}: ${why}`, {
    cause,
    hint: "check the network; Mayfly may be restarting",
  });
}
