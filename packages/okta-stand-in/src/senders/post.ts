import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

/** One HTTP request to an application. */
export interface OutgoingCall {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The CA (PEM) by which the receiver's certificate is verified, besides the public ones. */
  readonly ca?: string | undefined;
  /** How long an answer may take, milliseconds. */
  readonly timeout?: number;
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Nobody answered: the receiver is away, its certificate is not trusted, or it was slower than the timeout. */
export class NoAnswer extends Error {}

/**
 * Sends one request on a connection of its own and reads the answer.
 * @throws NoAnswer
 */
export function send(url: string, call: OutgoingCall): Promise<Answer> {
  const { method = "POST", headers = {}, body = "", ca, timeout = 5000 } = call;
  const start = url.startsWith("https:") ? httpsRequest : httpRequest;
  const length = method === "GET" ? {} : { "content-length": String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => {
      clearTimeout(timer);
      reject(new NoAnswer(`no answer from ${url}: ${error.message}`, { cause: error }));
    };
    const outgoing = start(
      url,
      { method, agent: false, headers: { ...headers, ...length }, ...(ca === undefined ? {} : { ca }) },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.once("error", fail);
        incoming.once("end", () => {
          clearTimeout(timer);
          resolve({ status: incoming.statusCode ?? 0, body: Buffer.concat(chunks).toString("utf8") });
        });
      },
    );
    const timer = setTimeout(() => outgoing.destroy(new Error(`none within ${timeout} ms`)), timeout);
    outgoing.once("error", fail);
    outgoing.end(method === "GET" ? undefined : body);
  });
}
