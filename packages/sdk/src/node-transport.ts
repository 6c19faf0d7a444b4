import { type IncomingMessage, request as httpRequest } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import type { Socket } from "node:net";
import { type DpopKey, type Prover, proverOf } from "./dpop.ts";
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

/** Where the gateway is and how to trust it. */
export interface TransportOptions {
  readonly url: string;
  /** PEM of the CA that signed the gateway's certificate; left out: the system's. */
  readonly ca?: string;
  /**
   * An access token, or how to get one: called for every request, so that it can refresh. When the gateway calls a
   * token too old to decide by (`token_stale`), it is called once more with that token, and the request sent again
   * with what it gives. One that knows the key of its tokens (`serviceTokens`, `agentTokens`) needs no `dpop`.
   */
  readonly token?: string | ((stale?: string) => string | Promise<string>) | ProvenTokens;
  /**
   * The key that the access token is bound to (RFC 9449), where it is: every request then carries a fresh proof. Left out:
   * the token is a bearer token.
   */
  readonly dpop?: DpopKey;
}

/** Gives tokens, and the key that the newest is bound to, where it is bound to one. */
interface ProvenTokens {
  (stale?: string): string | Promise<string>;
  dpopKey(): DpopKey | undefined;
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

  const keeping = base.protocol === "https:" ? keepingAgent(options.ca) : undefined;

  const tokenOf = async (stale?: string): Promise<string | undefined> =>
    typeof options.token === "function" ? options.token(stale) : options.token;

  let known: { readonly key: DpopKey; readonly prover: Prover } | undefined;
  /** Asked once the token is here: its key may be as new as it is. */
  const proverNow = (): Prover | undefined => {
    const { token } = options;
    const asked = typeof token === "function" && "dpopKey" in token ? token.dpopKey() : undefined;
    const key = options.dpop ?? asked;
    if (key === undefined) return undefined;
    if (known?.key !== key) known = { key, prover: proverOf(key) };
    return known.prover;
  };

  const start = async (
    outgoing: Outgoing,
    accept: string,
    signal: AbortSignal,
    token: string | undefined,
  ): Promise<IncomingMessage> => {
    // Written out whole: by itself a path that begins with two slashes would name another host.
    const url = new URL(base.origin + base.pathname.replace(/\/+$/, "") + outgoing.path);
    const payload = payloadOf(outgoing);
    const signed = outgoing.signsBody === true && payload !== undefined ? { body: payload } : {};
    const prover = proverNow();
    const once = async (): Promise<{ response: IncomingMessage; wantsNonce: boolean }> => {
      const credential =
        token === undefined
          ? {}
          : prover === undefined
            ? { authorization: `Bearer ${token}` }
            : await prover.headers({ method: outgoing.method, url: url.href, token, ...signed });
      const response = await sendOnce(url, outgoing, payload, { accept, ...credential }, signal);
      const wantsNonce = prover?.answered({
        status: response.statusCode ?? 0,
        challenge: response.headers["www-authenticate"],
        nonce: response.headersDistinct["dpop-nonce"]?.[0],
      });
      return { response, wantsNonce: wantsNonce === true };
    };
    const first = await once();
    if (!first.wantsNonce) return first.response;
    first.response.destroy();
    return (await once()).response;
  };

  const sendOnce = (
    url: URL,
    outgoing: Outgoing,
    payload: string | undefined,
    own: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> => {
    const headers = {
      ...own,
      ...(payload === undefined ? {} : { "content-type": "application/json" }),
      ...outgoing.headers,
    };
    return new Promise((resolve, reject) => {
      const call = { method: outgoing.method, headers, signal };
      // A socket that is kept has nobody who hears of its errors: an abort at an answer's end would end the process.
      const request =
        agent === undefined
          ? httpRequest(url, { ...call, agent: false })
          : httpsRequest(url, { ...call, agent: outgoing.isFrequent === true ? keeping : agent });
      request.on("error", reject);
      request.on("response", resolve);
      request.end(payload);
    });
  };

  const unreachableBy = (cause: unknown): MayflyError => unreachable(base, cause);

  return {
    base: base.href.replace(/\/$/, ""),
    send: (outgoing) =>
      withinTime(outgoing, unreachableBy, async (signal) => {
        const attempt = async (token: string | undefined): Promise<unknown> => {
          const response = await start(outgoing, ACCEPT_ANSWER, signal, token);
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
      }),
    async stream(outgoing) {
      try {
        const response = await start(outgoing, ACCEPT_STREAM, outgoing.signal, await tokenOf());
        if (response.statusCode !== 200) {
          answerOf(base, response, await textOf(response));
          throw badAnswer(base.origin, response.statusCode ?? 0);
        }
        return parts(base, response, outgoing.signal);
      } catch (cause) {
        throw failureOf(cause, outgoing.signal, unreachableBy);
      }
    },
  };
}

/** Connections that are kept for what is sent all the time. */
const MAX_KEPT = 2;

/** Keeps connections, which do not keep the process alive while nothing is sent. */
function keepingAgent(ca: string | undefined): Agent {
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_KEPT, ...(ca === undefined ? {} : { ca }) });
  // Of a socket that lies idle, or whose call was aborted at its answer's end, nobody else hears the error.
  agent.on("free", (socket: Socket) => {
    if (!quiet.has(socket)) socket.on("error", () => undefined);
    quiet.add(socket);
  });
  return agent;
}

const quiet = new WeakSet<Socket>();

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
    if (length > MAX_ANSWER_BYTES) throw new Error("the answer is too long");
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
    throw failureOf(cause, signal, (why) => unreachable(base, why));
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
