import { request as httpRequest } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { errorOf, MayflyError } from "./errors.ts";
import type { Problem } from "./types.generated.ts";

/** The largest answer that is read, bytes. */
const longestAnswer = 16 * 1024 * 1024;

/** Where the gateway is and how to trust it. */
export interface TransportOptions {
  readonly url: string;
  /** PEM of the CA that signed the gateway's certificate; left out: the system's. */
  readonly ca?: string;
  /** An access token, or how to get one: called for every request, so that it can refresh. */
  readonly token?: string | (() => string | Promise<string>);
}

/** One request. */
export interface Outgoing {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** How long an answer may take, milliseconds. */
  readonly timeout?: number;
}

/** Sends requests; gives the answer's body: parsed when it is JSON, else its text. */
export type Transport = (outgoing: Outgoing) => Promise<unknown>;

/**
 * Makes a transport over `node:https`. Node's `fetch` cannot be given a CA. Redirects are never followed and a
 * token never travels in the clear: http:// works for the loopback address alone.
 * @throws MayflyError insecure_url
 */
export function createTransport(options: TransportOptions): Transport {
  const base = readUrl(options.url);
  const agent =
    base.protocol === "https:" ? new Agent(options.ca === undefined ? {} : { ca: options.ca }) : undefined;
  return async (outgoing) => {
    const token = typeof options.token === "function" ? await options.token() : options.token;
    const payload = outgoing.body === undefined ? undefined : JSON.stringify(outgoing.body);
    const { status, type, text } = await send(
      base,
      agent,
      outgoing,
      {
        accept: "application/json, application/problem+json",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(payload === undefined ? {} : { "content-type": "application/json" }),
        ...outgoing.headers,
      },
      payload,
    );
    if (status >= 200 && status < 300) return type.includes("json") ? readJson(text) : text;
    if (type.startsWith("application/problem+json")) throw errorOf(readJson(text) as Problem);
    throw new MayflyError("bad_answer", `${base.origin} answered ${status}, and not as Mayfly does`, {
      status,
      hint: "check that the URL is that of a Mayfly gateway, with nothing in between that answers itself",
    });
  };
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

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new MayflyError("bad_answer", "the gateway's answer is not JSON", {
      cause,
      hint: "try again; else tell the operator",
    });
  }
}

interface Incoming {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function send(
  base: URL,
  agent: Agent | undefined,
  outgoing: Outgoing,
  headers: Record<string, string>,
  payload: string | undefined,
): Promise<Incoming> {
  const url = new URL(base.pathname.replace(/\/$/, "") + outgoing.path, base);
  const timeout = AbortSignal.timeout(outgoing.timeout ?? 30_000);
  const signal = outgoing.signal === undefined ? timeout : AbortSignal.any([outgoing.signal, timeout]);
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void => {
      if (outgoing.signal?.aborted === true) {
        reject(new MayflyError("aborted", "the call was aborted", { cause: outgoing.signal.reason }));
        return;
      }
      reject(unreachable(base, timeout.aborted ? new Error("no answer in time") : cause));
    };
    const options = { method: outgoing.method, headers, signal };
    const request =
      agent === undefined ? httpRequest(url, options) : httpsRequest(url, { ...options, agent });
    request.on("error", fail);
    request.on("response", (response) => {
      const chunks: Buffer[] = [];
      let length = 0;
      response.on("data", (chunk: Buffer) => {
        length += chunk.length;
        if (length > longestAnswer) request.destroy(new Error("the answer is too long"));
        else chunks.push(chunk);
      });
      response.on("error", fail);
      response.on("end", () => {
        resolve({
          status: response.statusCode ?? 0,
          type: response.headers["content-type"] ?? "",
          text: Buffer.concat(chunks).toString("utf8"),
        });
      });
    });
    request.end(payload);
  });
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
