import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import type { Clock } from "../../../kernel/clock.ts";
import { decodeFields, decodeParameterStatus } from "../wire/codec.ts";
import { createMessageReader, type, WireError } from "../wire/framing.ts";
import { cancelRequest, sslRequest, startupMessage } from "../wire/messages.ts";
import type { Target } from "../target.ts";
import { createUpstreamAuth, UpstreamAuthError } from "./authenticate.ts";
import { unreachableWords } from "./unreachable-words.ts";

/** What it takes to ask a server to cancel what one of its backends runs. */
export interface CancelKey {
  /** Body of its BackendKeyData: process and secret. */
  readonly key: Buffer;
  /** Whether the connection is under TLS; a cancel request then is too. */
  readonly tls: boolean;
}

/** A server logged in to and idle. */
export interface Upstream extends CancelKey {
  readonly socket: Socket;
  /** What it reported of its parameters, as it sent them. */
  readonly parameters: ReadonlyMap<string, string>;
}

/** The server could not be reached or did not let the gateway in. The text is fit for a client. */
export class UpstreamError extends Error {
  override readonly name = "UpstreamError";
  /** The SQLSTATE for the client. */
  readonly code: string;
  readonly hint: string;

  constructor(code: string, message: string, hint: string) {
    super(message);
    this.code = code;
    this.hint = hint;
  }
}

const MAX_LOG_IN_MESSAGE_BYTES = 65_536;
/** After so much silence the server's machine is asked whether it is still there, milliseconds. */
const KEEP_ALIVE_MS = 10_000;
/** More than this before ReadyForQuery is no log-in, whatever it is. */
const MAX_LOG_IN_BYTES = 1_048_576;

function tlsOptions(target: Target): ConnectionOptions {
  const { tls } = target;
  // libpq: with a root certificate at hand, `require` verifies as verify-ca does.
  const verify =
    tls === "verify-full" || tls === "verify-ca" || (tls === "require" && target.ca !== undefined);
  return {
    minVersion: "TLSv1.2",
    ALPNProtocols: ["postgresql"],
    rejectUnauthorized: verify,
    ...(isIP(target.host) === 0 ? { servername: target.host } : {}),
    host: target.host,
    ...(target.ca === undefined ? {} : { ca: target.ca.text() }),
    ...(tls === "verify-full" ? {} : { checkServerIdentity: () => undefined }),
  };
}

/** Whether a server reached under TLS has proved by its certificate who it is. */
function verifies(target: Target): boolean {
  return tlsOptions(target).rejectUnauthorized === true;
}

function untilConnected(socket: Socket, event: "connect" | "secureConnect"): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, resolve);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the server closed the connection")));
  });
}

/** One byte answers an SSLRequest; anything behind it was not protected (CVE-2021-23222). */
function sslAnswer(socket: Socket): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the server closed the connection")));
    socket.once("data", (bytes: Buffer) => {
      socket.pause();
      if (bytes.length === 1) resolve(bytes.toString("latin1"));
      else reject(new Error("the server sent unprotected bytes behind its answer about TLS"));
    });
  });
}

/** Opens a socket to the target, under TLS where `want` says so. `adopt` is told every socket, to end it in time. */
async function open(
  target: Target,
  want: "plain" | "try" | "must",
  adopt: (socket: Socket) => void,
): Promise<{ socket: Socket; tls: boolean }> {
  const plain = connectTcp({
    host: target.host,
    port: target.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: KEEP_ALIVE_MS,
  });
  adopt(plain);
  plain.on("error", () => undefined);
  await untilConnected(plain, "connect");
  if (want === "plain") return { socket: plain, tls: false };
  plain.write(sslRequest());
  const answer = await sslAnswer(plain);
  if (answer === "N" && want === "try") return { socket: plain, tls: false };
  if (answer !== "S") throw new Error("the server does not speak TLS");
  const secured = connectTls({ ...tlsOptions(target), socket: plain });
  adopt(secured);
  secured.on("error", () => undefined);
  await untilConnected(secured, "secureConnect");
  secured.setNoDelay(true);
  return { socket: secured, tls: true };
}

/** What each of libpq's modes tries first, and what it falls back to when the server refuses. */
const attempts: Readonly<Record<Target["tls"], readonly ("plain" | "try" | "must")[]>> = {
  disable: ["plain"],
  allow: ["plain", "must"],
  prefer: ["try"],
  require: ["must"],
  "verify-ca": ["must"],
  "verify-full": ["must"],
};

/** The server said no before log-in was over. */
class ServerRefused extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

async function logIn(
  socket: Socket,
  tls: boolean,
  target: Target,
  parameters: ReadonlyMap<string, string>,
): Promise<Upstream> {
  const reader = createMessageReader(MAX_LOG_IN_MESSAGE_BYTES);
  const auth = createUpstreamAuth({
    user: target.user,
    password: target.password,
    verified: tls && verifies(target),
  });
  const reported = new Map<string, string>();
  let key: Buffer | undefined;
  let authenticated = false;
  let wake: (() => void) | undefined;
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    wake?.();
  };
  let said = 0;
  const onData = (bytes: Buffer): void => {
    said += bytes.length;
    if (said > MAX_LOG_IN_BYTES) {
      socket.pause();
      fail(new WireError("08P01", "the server sends too much while logging in"));
      return;
    }
    reader.add(bytes);
    wake?.();
  };
  const onClose = (): void => fail(new Error("the server closed the connection"));
  socket.on("data", onData);
  socket.on("error", fail);
  socket.on("close", onClose);
  socket.resume();
  socket.write(
    startupMessage(new Map([["user", target.user], ["database", target.database], ...parameters])),
  );
  try {
    for (;;) {
      const message = reader.next();
      if (message === undefined) {
        if (failure !== undefined) throw failure;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      const { body } = message;
      switch (message.type) {
        case type.authentication: {
          if (authenticated) throw new WireError("08P01", "the server authenticates twice");
          const answer = await auth.answer(body);
          if (answer === "done") authenticated = true;
          else if (answer !== undefined) socket.write(answer);
          break;
        }
        case type.parameterStatus: {
          const { name, value } = decodeParameterStatus(body, 0, body.length);
          if (reported.size >= 100) throw new WireError("08P01", "the server reports too many parameters");
          reported.set(name, value);
          break;
        }
        case type.backendKeyData:
          if (body.length < 8 || body.length > 260)
            throw new WireError("08P01", "the server's cancel key is malformed");
          key = body;
          break;
        case type.noticeResponse:
          break;
        case type.errorResponse: {
          const fields = decodeFields(body, 0, body.length);
          throw new ServerRefused(fields.code, fields.message);
        }
        case type.readyForQuery: {
          if (!authenticated || reader.rest().length > 0)
            throw new WireError("08P01", "the server is out of step");
          socket.pause();
          return { socket, key: key ?? Buffer.alloc(0), parameters: reported, tls };
        }
        default:
          throw new WireError("08P01", "the server sent an unexpected message while logging in");
      }
    }
  } finally {
    socket.off("data", onData);
    socket.off("error", fail);
    socket.off("close", onClose);
  }
}

/** Turns what went wrong into words for a client: which target is named by the connection, nothing of its log-in. */
function explain(error: unknown): UpstreamError {
  if (error instanceof ServerRefused) {
    // A start-up parameter of the client's that the server does not take is the client's to mend.
    if (error.code === "22023")
      return new UpstreamError("22023", error.message, "change the start-up parameter");
    return new UpstreamError(
      error.code.startsWith("28") ? "08004" : error.code,
      `the database refused the gateway (SQLSTATE ${error.code})`,
      "the gateway's operator can see why in the database's log",
    );
  }
  const why =
    error instanceof UpstreamAuthError || error instanceof WireError
      ? error.message
      : unreachableWords(error);
  return new UpstreamError(
    "08001",
    `the database cannot be reached: ${why}`,
    "try again in a moment; if it stays so, tell the gateway's operator",
  );
}

/**
 * Connects and logs in. The socket comes back paused, with an error handler that ignores; whoever takes it adds its
 * own.
 * @param parameters start-up parameters, user and database excepted
 * @param signal gives up when it aborts
 * @throws UpstreamError
 */
export async function connectUpstream(
  target: Target,
  parameters: ReadonlyMap<string, string>,
  clock: Clock,
  signal: AbortSignal,
): Promise<Upstream> {
  let sockets: Socket[] = [];
  const giveUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const unschedule = clock.schedule(target.connect_timeout, giveUp);
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    const modes = attempts[target.tls];
    for (const [index, mode] of modes.entries()) {
      try {
        signal.throwIfAborted();
        const { socket, tls } = await open(target, mode, (made) => sockets.push(made));
        const upstream = await logIn(socket, tls, target, parameters);
        sockets = [];
        return upstream;
      } catch (error) {
        giveUp();
        const another =
          error instanceof ServerRefused && error.code.startsWith("28") && index + 1 < modes.length;
        if (!another) throw error;
      }
    }
    throw new Error("the server refused every TLS mode");
  } catch (error) {
    throw explain(error);
  } finally {
    unschedule();
    signal.removeEventListener("abort", giveUp);
  }
}

/**
 * Asks the server to cancel what a backend runs (manual, "Canceling Requests in Progress"), over a connection of its
 * own under the same TLS. The server closes it once the backend has been told; a statement sent after that is not
 * cancelled by it.
 * @returns whether the server has taken it, within `ms`; never throws
 */
export async function cancelUpstream(
  target: Target,
  upstream: CancelKey,
  clock: Clock,
  ms: number,
): Promise<boolean> {
  if (upstream.key.length === 0) return false;
  const sockets: Socket[] = [];
  const giveUp = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  let isLate = false;
  const unschedule = clock.schedule(ms, () => {
    isLate = true;
    giveUp();
  });
  try {
    const { socket } = await open(target, upstream.tls ? "must" : "plain", (made) => sockets.push(made));
    const closed = new Promise<void>((resolve) => {
      socket.once("end", resolve);
      socket.once("close", resolve);
    });
    socket.resume();
    // Not ended from here: what stands between may take that for a client that has gone away.
    socket.write(cancelRequest(upstream.key));
    await closed;
    return !isLate;
  } catch {
    return false;
  } finally {
    unschedule();
    giveUp();
  }
}
