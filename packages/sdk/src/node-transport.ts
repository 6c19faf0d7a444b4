import { type IncomingMessage, request as httpRequest } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { errorOf, MayflyError } from "./errors.ts";
import { abortedBy, badAnswer, longestAnswer, type Outgoing, readJson, type Transport } from "./transport.ts";
import type { Problem } from "./types.generated.ts";

/** Where the gateway is and how to trust it. */
export interface TransportOptions {
  readonly url: string;
  /** PEM of the CA that signed the gateway's certificate; left out: the system's. */
  readonly ca?: string;
  /**
   * An access token, or how to get one: called for every request, so that it can refresh. When the gateway calls a
   * token too old to decide by (`token_stale`), it is called once more with that token, and the request sent again
   * with what it gives.
   */
  readonly token?: string | ((stale?: string) => string | Promise<string>);
}

/**
 * Makes a transport over `node:https`. Node's `fetch` cannot be given a CA. Redirects are never followed and a
 * token never travels in the clear: http:// works for the loopback address alone.
 * @throws MayflyError insecure_url
 */
export function nodeTransport(options: TransportOptions): Transport {
  const base = readUrl(options.url);
  const agent =
    base.protocol === "https:" ? new Agent(options.ca === undefined ? {} : { ca: options.ca }) : undefined;

  const tokenOf = async (stale?: string): Promise<string | undefined> =>
    typeof options.token === "function" ? options.token(stale) : options.token;

  const start = async (
    outgoing: Outgoing,
    accept: string,
    signal: AbortSignal,
    token: string | undefined,
  ): Promise<IncomingMessage> => {
    const payload = outgoing.body === undefined ? undefined : JSON.stringify(outgoing.body);
    const headers = {
      accept,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(payload === undefined ? {} : { "content-type": "application/json" }),
      ...outgoing.headers,
    };
    const url = new URL(base.pathname.replace(/\/$/, "") + outgoing.path, base);
    return new Promise((resolve, reject) => {
      const call = { method: outgoing.method, headers, signal };
      const request = agent === undefined ? httpRequest(url, call) : httpsRequest(url, { ...call, agent });
      request.on("error", reject);
      request.on("response", resolve);
      request.end(payload);
    });
  };

  return {
    base: base.href.replace(/\/$/, ""),
    async send(outgoing) {
      const timeout = AbortSignal.timeout(outgoing.timeout ?? 30_000);
      const signal = outgoing.signal === undefined ? timeout : AbortSignal.any([outgoing.signal, timeout]);
      try {
        const attempt = async (token: string | undefined): Promise<unknown> => {
          const response = await start(outgoing, "application/json, application/problem+json", signal, token);
          return answerOf(base, response, await textOf(response));
        };
        const token = await tokenOf();
        try {
          return await attempt(token);
        } catch (refused) {
          // Nothing was done: the gateway looked at the token before anything else.
          if (!(refused instanceof MayflyError) || refused.code !== "token_stale") throw refused;
          const fresh = await tokenOf(token);
          if (fresh === token) throw refused;
          return await attempt(fresh);
        }
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
          await tokenOf(),
        );
        if (response.statusCode !== 200) {
          answerOf(base, response, await textOf(response));
          throw badAnswer(base.origin, response.statusCode ?? 0);
        }
        return parts(base, response, outgoing.signal);
      } catch (cause) {
        if (cause instanceof MayflyError) throw cause;
        throw outgoing.signal.aborted ? abortedBy(outgoing.signal) : unreachable(base, cause);
      }
    },
  };
}

/** What an answer says. @throws MayflyError when it is a problem, or not Mayfly's */
function answerOf(base: URL, response: IncomingMessage, text: string): unknown {
  const status = response.statusCode ?? 0;
  const type = response.headers["content-type"] ?? "";
  if (status >= 200 && status < 300) return type.includes("json") ? readJson(text) : text;
  if (type.startsWith("application/problem+json")) throw errorOf(readJson(text) as Problem);
  throw badAnswer(base.origin, status);
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > longestAnswer) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

async function* parts(
  base: URL,
  response: IncomingMessage,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) yield chunk;
  } catch (cause) {
    throw signal.aborted ? abortedBy(signal) : unreachable(base, cause);
  }
}

function readUrl(text: string): URL {
  if (!URL.canParse(text)) {
    throw new MayflyError("insecure_url", "the gateway's URL is not a URL", {
      hint: "give one such as https://mayfly.internal:8443",
    });
  }
  const url = new URL(text);
  const loopback = ["127.0.0.1", "[::1]", "localhost"].includes(url.hostname);
  if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback)) {
    throw new MayflyError(
      "insecure_url",
      `${url.protocol}//${url.host} would send the access token in the clear`,
      {
        hint: "use https://; http:// is for the loopback address alone",
      },
    );
  }
  return url;
}

function unreachable(base: URL, cause: unknown): MayflyError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const untrusted = /CERT|SELF_SIGNED|UNABLE_TO|ALTNAME/.test(code);
  const why = cause instanceof Error && cause.message !== "" ? cause.message : code;
  return new MayflyError(untrusted ? "untrusted" : "unreachable", `cannot reach ${base.origin}: ${why}`, {
    cause,
    hint: untrusted
      ? "name the CA that signed the gateway's certificate (--ca FILE, MAYFLY_CA, or `ca` of the SDK)"
      : "check the URL and that mayflyd runs",
  });
}
