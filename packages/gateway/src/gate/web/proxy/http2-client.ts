import { buildConnector, type Dispatcher, Pool } from "undici";
import type { TLSSocket } from "node:tls";
import type { Duplex } from "node:stream";
import type { AnswerHandler, Dispatch, RequestControl } from "../http1/dispatch.ts";
import { ClientError, ResponseError } from "../http1/errors.ts";
import { CONNECT_TIMEOUT_MS, type UpstreamAddress } from "../http1/open-socket.ts";
import { MAX_RESPONSE_HEAD_BYTES } from "../http1/response-reader.ts";
import { tolerateContinue } from "./interim.ts";
import { createSharedTimeout } from "./shared-timeout.ts";

/** How one upstream is reached. */
interface Http2ClientOptions extends UpstreamAddress {
  readonly maxConnections: number;
  /** Milliseconds: until a connection is there, and from then until an answer begins. */
  readonly timeout: number;
}

const KEEP_ALIVE_MS = 30_000;
const MAX_STREAMS = 100;

type Fields = Readonly<Record<string, string | readonly string[] | undefined>>;

/** undici's headers, as names and values in turn. */
function flat(fields: Fields): string[] {
  const headers: string[] = [];
  for (const name of Object.keys(fields)) {
    const value = fields[name];
    if (typeof value === "string") headers.push(name.toLowerCase(), value);
    else for (const each of value ?? []) headers.push(name.toLowerCase(), each);
  }
  return headers;
}

/** What no header of an answer may hold: Node would throw in the middle of it. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const unsendable = /[^\t\x20-\x7e\x80-\xff]/;

/** One request at undici. */
class Sending implements Dispatcher.DispatchHandler, RequestControl {
  readonly #handler: AnswerHandler;
  readonly #begun: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #isOver = false;

  constructor(handler: AnswerHandler, begun: () => void) {
    this.#handler = handler;
    this.#begun = begun;
  }

  abort(): void {
    this.#isOver = true;
    this.#begun();
    this.#controller?.abort(new ClientError("UPSTREAM_CLOSED"));
  }

  pause(): void {
    this.#controller?.pause();
  }

  resume(): void {
    this.#controller?.resume();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.#begun();
    if (this.#isOver) controller.abort(new ClientError("UPSTREAM_CLOSED"));
  }

  onRequestUpgrade(_: Dispatcher.DispatchController, status: number, headers: Fields, socket: Duplex): void {
    // What is not 101 is never taken for a tunnel.
    if (this.#isOver || status !== 101) {
      socket.destroy();
      if (!this.#isOver) this.#handler.failed(new ClientError("UPSTREAM_CLOSED"));
      return;
    }
    this.#handler.upgraded(flat(headers), socket);
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: Fields): void {
    if (this.#isOver) return;
    const fields = flat(headers);
    if (fields.some((each) => unsendable.test(each))) this.#refuse();
    else this.#handler.head(status, fields);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#isOver) this.#handler.data(chunk);
  }

  onResponseEnd(_: Dispatcher.DispatchController, trailers: Fields): void {
    if (this.#isOver) return;
    const fields = flat(trailers);
    this.#handler.end(fields.some((each) => unsendable.test(each)) ? [] : fields);
  }

  #refuse(): void {
    this.abort();
    this.#handler.failed(new ResponseError("ANSWER_CONTROL_CHARACTER"));
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#handler.failed(error);
  }
}

/** Makes a client of HTTP/2 for one upstream, which falls back to HTTP/1.1 where a server over TLS knows nothing else. */
export function createHttp2Client(options: Http2ClientOptions): Dispatch {
  const { origin, ca, certificate, timeout, maxConnections } = options;
  // Without TLS there is nothing to choose a version in: it is known beforehand (RFC 9113, section 3.3).
  const plain = origin.startsWith("http:") ? { useH2c: true } : {};
  const open = buildConnector({
    timeout: CONNECT_TIMEOUT_MS,
    allowH2: true,
    ...plain,
    rejectUnauthorized: true,
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
  });
  const pool = new Pool(origin, {
    connections: maxConnections,
    pipelining: MAX_STREAMS,
    allowH2: true,
    ...plain,
    headersTimeout: timeout,
    // Streams may be silent for as long as their grant lives.
    bodyTimeout: 0,
    maxHeaderSize: MAX_RESPONSE_HEAD_BYTES,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connect: (asked, done) =>
      open(asked, (error, socket) => {
        if (error !== null) return done(error, null);
        // In HTTP/2 an interim answer is a frame of its own.
        const isHttp2 = "useH2c" in plain || (socket as TLSSocket).alpnProtocol === "h2";
        if (!isHttp2) tolerateContinue(socket);
        return done(null, socket);
      }),
  });
  const waiting = createSharedTimeout(timeout);
  return ({ method, path, headers, body, upgrade }, handler) => {
    const sending = new Sending(handler, () => waiting.delete(waiter));
    // A request for which no connection comes free is told so, instead of waiting for as long as its grant.
    const waiter = waiting.add(() => {
      sending.abort();
      handler.failed(new ClientError("UPSTREAM_BUSY_TIMEOUT"));
    });
    pool.dispatch(
      { path, method, headers: [...headers], body, ...(upgrade === undefined ? {} : { upgrade }) },
      sending,
    );
    return sending;
  };
}
