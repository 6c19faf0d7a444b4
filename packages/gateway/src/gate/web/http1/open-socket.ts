import { connect as connectPlain, isIP, Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { ClientError } from "./errors.ts";

/** Where an upstream listens, and how it proves who it is. */
export interface UpstreamAddress {
  /** `http://…` or `https://…`, without a path. */
  readonly origin: string;
  /** PEM of the CA that signed its certificate; left out: the public ones. */
  readonly ca?: string;
  /** PEM: the gateway's own, for mutual TLS. */
  readonly certificate?: { readonly certificate: string; readonly key: string };
}

/** Told of bytes. @param lent left out: they are the listener's */
export type BytesListener = (bytes: Buffer, lent?: LentBytes) => void;

/** A connection, and what tells its bytes. */
export interface OpenedSocket {
  readonly socket: Socket;
  /** Bytes come to the listener from now on. Called once. */
  readonly listen: (this: void, listener: BytesListener) => void;
}

/**
 * Opens a connection. `opened` is called once, unless the returned function gave it up before.
 * @param isStream whether the socket may be handed on to somebody who reads it as a stream
 */
export type OpenSocket = (
  isStream: boolean,
  opened: (error: Error | undefined, opened: OpenedSocket) => void,
) => () => void;

export const CONNECT_TIMEOUT_MS = 10_000;
/** When the kernel begins to ask an idle connection whether it is still there. */
const TCP_KEEP_ALIVE_MS = 60_000;
/** What one read can bring, bytes. */
const READ_BYTES = 65_536;
/** What a read brings up to this is copied out of its buffer, which is then used again, bytes. */
const MAX_COPIED_BYTES = 16_384;

/** Buffers that wait to be read into again, of one connection. */
const MAX_SPARE_BUFFERS = 2;

/** Bytes whose memory is read into again when everybody who was given some of them has released it. */
export class LentBytes {
  readonly #giveBack: () => void;
  #users = 0;

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  /** One more needs them. @returns says that it does not any more; safe to call twice */
  lend(): () => void {
    this.#users += 1;
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#users -= 1;
      if (this.#users === 0) this.#giveBack();
    };
  }
}

/**
 * Takes a socket's bytes out of buffers that are used again, past Node's stream: for each read the stream would allocate as
 * much as a read can bring, however little comes, and the collector would have to find all of it.
 */
class Inbox {
  #buffer: Buffer = Buffer.allocUnsafeSlow(READ_BYTES);
  readonly #spare: Buffer[] = [];
  listener: BytesListener = () => undefined;

  /** How the socket is told (`net.connect`'s option `onread`). */
  readonly onread = {
    // Asked after each read.
    buffer: (): Uint8Array => this.#buffer,
    callback: (length: number, buffer: Uint8Array): boolean => {
      this.#tell(length, buffer as Buffer);
      return true;
    },
  };

  #tell(length: number, buffer: Buffer): void {
    const bytes = buffer.subarray(0, length);
    if (length <= MAX_COPIED_BYTES) {
      this.listener(Buffer.from(bytes));
      return;
    }
    this.#buffer = this.#spare.pop() ?? Buffer.allocUnsafeSlow(READ_BYTES);
    const giveBack = (): void => {
      if (this.#spare.length < MAX_SPARE_BUFFERS) this.#spare.push(buffer);
    };
    this.listener(bytes, new LentBytes(giveBack));
  }
}

/** Makes the opener of connections to one upstream. Over TLS its certificate is verified, always. */
export function createSocketOpener({ origin, ca, certificate }: UpstreamAddress): OpenSocket {
  const { protocol, hostname, port } = new URL(origin);
  const isTls = protocol === "https:";
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  const to = { host, port: Number(port === "" ? (isTls ? 443 : 80) : port) };
  /** The last session of a connection that was verified. */
  let session: Buffer | undefined;
  const connect = (inbox: Inbox | undefined): Socket => {
    const reading = inbox === undefined ? {} : { onread: inbox.onread };
    if (!isTls) return connectPlain({ ...to, ...reading, noDelay: true });
    const socket = connectTls({
      ...to,
      ...reading,
      rejectUnauthorized: true,
      ALPNProtocols: ["http/1.1"],
      // A name, and never an address (RFC 6066, section 3).
      ...(isIP(host) === 0 ? { servername: host } : {}),
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate.certificate, key: certificate.key }),
      ...(session === undefined ? {} : { session }),
    });
    socket.setNoDelay(true);
    socket.on("session", (given) => {
      if (socket.authorized) session = given;
    });
    return socket;
  };
  /** A connection that cannot even be begun, for want of a usable key say, fails like any other. */
  const begun = (inbox: Inbox | undefined): Socket => {
    try {
      return connect(inbox);
    } catch (error) {
      return new Socket().destroy(error as Error);
    }
  };
  return (isStream, opened) => {
    const inbox = isStream ? undefined : new Inbox();
    const socket = begun(inbox);
    const own: OpenedSocket = {
      socket,
      listen(listener) {
        if (inbox === undefined) socket.on("data", listener);
        else inbox.listener = listener;
      },
    };
    socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    const over = (): void => {
      clearTimeout(timer);
      socket.off("error", failed).off("connect", ready).off("secureConnect", ready).off("close", closed);
    };
    const failed = (error: Error): void => {
      over();
      socket.on("error", () => undefined).destroy();
      opened(error, own);
    };
    const closed = (): void => failed(new ClientError("UPSTREAM_CLOSED"));
    const ready = (): void => {
      over();
      opened(undefined, own);
    };
    const timer = setTimeout(() => failed(new ClientError("UPSTREAM_CONNECT_TIMEOUT")), CONNECT_TIMEOUT_MS);
    timer.unref();
    socket
      .on("error", failed)
      .on("close", closed)
      .once(isTls ? "secureConnect" : "connect", ready);
    return () => {
      over();
      socket.on("error", () => undefined).destroy();
    };
  };
}
