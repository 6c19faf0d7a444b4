import { X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import pg from "pg";
import type { Doors, SqlAsk, SqlResult } from "../../api/mcp/doors.ts";
import { GatewayRefusal, UpstreamError } from "../../api/mcp/voices.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { ownVoice } from "../../protocols/postgres/own-voice.ts";
import { connectInMemory } from "./memory.ts";
import { Statement } from "./statement.ts";

/** The PostgreSQL door. */
export interface SqlDoorParts {
  /** Serves one client, as the PostgreSQL port does. */
  readonly serve?: (client: Duplex) => void;
  /** The certificate that the gateway shows now, PEM, its own first. */
  readonly certificate: () => string;
}

/** What of an answer is kept, bytes; and what may come over the wire before the connection is cut. */
const kept = 262_144;
const wire = 16_777_216;
/** How long a statement may take, milliseconds. */
const longest = 50_000;

/** Cuts the connection once more has come over it than a model could read anyway: one row can be a gigabyte. */
function bound(end: Duplex, cut: (why: string) => void): void {
  let bytes = 0;
  const push = end.push.bind(end);
  end.push = (chunk: Buffer | null) => {
    bytes += chunk?.length ?? 0;
    if (bytes <= wire) return push(chunk);
    cut("the result is too large: ask for fewer or shorter columns and rows");
    return false;
  };
}

/** The stream that pg takes for a socket. */
function asSocket(client: Duplex): Duplex {
  const socket = Object.assign(client, {
    setNoDelay: () => socket,
    setKeepAlive: () => socket,
    ref: () => socket,
    unref: () => socket,
    connect() {
      queueMicrotask(() => socket.emit("connect"));
      return socket;
    },
  });
  return socket;
}

/** Makes the door: a client of PostgreSQL's on a connection in memory, over TLS with the gateway's own certificate alone. */
export function createSqlDoor(parts: SqlDoorParts): Doors["sql"] {
  return async (ask) => {
    const { serve } = parts;
    if (serve === undefined)
      throw new MayflyError("no_door", "PostgreSQL is not served here", { status: 503 });
    const { client: end, server } = connectInMemory(ask.address);
    const own = new X509Certificate(parts.certificate());
    const client = new pg.Client({
      user: `${ask.grant}.token`,
      database: ask.connection,
      password: ask.bearer,
      application_name: "mayfly-mcp",
      host: "mayfly",
      stream: () => asSocket(end),
      ssl: {
        ca: own.toString(),
        allowPartialTrustChain: true,
        // Whatever its name: it is this very certificate, or it is not us.
        checkServerIdentity: (_: string, shown: { readonly fingerprint256: string }) =>
          shown.fingerprint256 === own.fingerprint256 ? undefined : new Error("another certificate"),
      } as never,
    });
    let why: string | undefined;
    const cut = (reason: string): void => {
      why ??= reason;
      end.destroy();
    };
    const gone = (): void => cut("the client went away");
    const late = (): void => cut(`the statement took longer than ${longest / 1000}s and was cancelled`);
    const timeout = AbortSignal.timeout(longest);
    bound(end, cut);
    ask.signal.addEventListener("abort", gone, { once: true });
    timeout.addEventListener("abort", late, { once: true });
    try {
      return await runIn(client, () => serve(server), ask);
    } catch (error) {
      throw why === undefined ? inWords(error) : new MayflyError("cut", why, { status: 400 });
    } finally {
      ask.signal.removeEventListener("abort", gone);
      timeout.removeEventListener("abort", late);
      end.destroy();
      server.destroy();
    }
  };
}

async function runIn(client: pg.Client, serve: () => void, ask: SqlAsk): Promise<SqlResult> {
  let failed: (error: Error) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => (failed = reject));
  broken.catch(() => undefined);
  client.on("error", (error) => failed(error));
  const statement = new Statement(ask.sql, ask.params, { rows: ask.rows, bytes: kept });
  serve();
  await Promise.race([client.connect(), broken]);
  client.query(statement);
  const result = await Promise.race([statement.result, broken]);
  await client.end();
  return result;
}

/** An error as whoever said it: the gateway, or the database behind it. */
function inWords(error: unknown): Error {
  if (error instanceof MayflyError) return error;
  if (!(error instanceof pg.DatabaseError))
    return new MayflyError("no_answer", messageOf(error), { status: 502 });
  const { code = "XX000", message, detail, hint, position, routine } = error;
  const own = ownVoice(routine, error.length);
  if (own === undefined)
    return new UpstreamError({
      sqlstate: code,
      message,
      ...(detail === undefined ? {} : { detail }),
      ...(hint === undefined ? {} : { hint }),
      ...(position === undefined ? {} : { position }),
    });
  const said = [message, ...(detail === undefined ? [] : [detail])].join(". ");
  const isDenial = code === "42501";
  return new GatewayRefusal(isDenial ? "denied" : `sqlstate_${code}`, said, {
    status: isDenial ? 403 : 400,
    remedy: own.remedy,
    ...(hint === undefined ? {} : { hint }),
  });
}
