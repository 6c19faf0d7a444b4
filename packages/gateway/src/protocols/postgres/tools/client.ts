import { X509Certificate } from "node:crypto";
import type { Duplex } from "node:stream";
import pg from "pg";
import { GatewayRefusal, UpstreamError } from "../../../gate/tools/errors.ts";
import type { ToolCall } from "../../../gate/tools/tool.ts";
import { MayflyError, messageOf } from "../../../kernel/errors.ts";
import { ownVoice } from "../relay/errors/own-voice.ts";
import { type Column, Statement, type StatementResult } from "./statement.ts";

/** One statement. */
export interface StatementAsk {
  readonly connection: string;
  readonly grant: string;
  readonly sql: string;
  readonly params: readonly unknown[];
  /** How many rows come back at most. */
  readonly rows: number;
}

/**
 * Runs one statement.
 * @throws GatewayRefusal what the gateway says, with `denied` or the SQLSTATE as its code; UpstreamError what the
 * database says; MayflyError when no answer comes
 */
export type RunStatement = (
  call: Pick<ToolCall, "bearer" | "signal" | "loopback">,
  ask: StatementAsk,
) => Promise<StatementResult>;

/** How much of a result is kept. */
const MAX_RESULT_BYTES = 262_144;
/** How much may come over the wire before the connection is cut. */
const MAX_WIRE_BYTES = 16_777_216;
/** How long a statement may take. */
const STATEMENT_TIMEOUT_MS = 50_000;

/** Cuts the connection once more has come over it than a model could read anyway: one row can be a gigabyte. */
function bound(end: Duplex, cut: (why: string) => void): void {
  let bytes = 0;
  const push = end.push.bind(end);
  end.push = (chunk: Buffer | null) => {
    bytes += chunk?.length ?? 0;
    if (bytes <= MAX_WIRE_BYTES) return push(chunk);
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

/** A client of PostgreSQL's on a connection in memory, over TLS with the gateway's own certificate alone. */
export const runStatement: RunStatement = async ({ bearer, signal, loopback }, ask) => {
  const { client: end, certificate } = loopback.connect();
  const own = new X509Certificate(certificate);
  const client = new pg.Client({
    user: `${ask.grant}.token`,
    database: ask.connection,
    password: bearer,
    application_name: "mayfly-mcp",
    host: "mayfly",
    stream: () => asSocket(end),
    ssl: {
      ca: own.toString(),
      allowPartialTrustChain: true,
      // Whatever its name: it is this very certificate, or it is not us.
      checkServerIdentity: (_: string, shown: { readonly fingerprint256: string }) =>
        shown.fingerprint256 === own.fingerprint256 ? undefined : new Error("another certificate"),
    },
  });
  let why: string | undefined;
  const cut = (reason: string): void => {
    why ??= reason;
    end.destroy();
  };
  const gone = (): void => cut("the client went away");
  const late = (): void =>
    cut(`the statement took longer than ${STATEMENT_TIMEOUT_MS / 1000}s and was cancelled`);
  const timeout = AbortSignal.timeout(STATEMENT_TIMEOUT_MS);
  bound(end, cut);
  signal.addEventListener("abort", gone, { once: true });
  timeout.addEventListener("abort", late, { once: true });
  try {
    return await runIn(client, ask);
  } catch (error) {
    throw why === undefined ? inWords(error) : new MayflyError("cut", why, { status: 400 });
  } finally {
    signal.removeEventListener("abort", gone);
    timeout.removeEventListener("abort", late);
    end.destroy();
  }
};

async function runIn(client: pg.Client, ask: StatementAsk): Promise<StatementResult> {
  let failed: (error: Error) => void = () => undefined;
  const broken = new Promise<never>((_, reject) => (failed = reject));
  broken.catch(() => undefined);
  client.on("error", (error) => failed(error));
  const statement = new Statement(ask.sql, ask.params, { rows: ask.rows, bytes: MAX_RESULT_BYTES });
  await Promise.race([client.connect(), broken]);
  client.query(statement);
  const result = await Promise.race([statement.result, broken]);
  const columns = await Promise.race([withTypeNames(client, result.columns), broken]);
  await client.end();
  return { ...result, columns };
}

/** What every scope permits: names of types. */
const namesOfTypes =
  "select oid::int8, format_type(oid, null) from pg_catalog.pg_type where oid = any ($1::oid[])";

/** Puts names in place of the numbers of the database's own types; where it does not tell them, the numbers stay. */
async function withTypeNames(client: pg.Client, columns: readonly Column[]): Promise<readonly Column[]> {
  const numbers = [...new Set(columns.map(({ type }) => type).filter((type) => /^\d+$/u.test(type)))];
  if (numbers.length === 0) return columns;
  const asked = new Statement(namesOfTypes, [numbers], { rows: numbers.length, bytes: MAX_RESULT_BYTES });
  client.query(asked);
  const rows = await asked.result.then(
    (result) => result.rows,
    () => [],
  );
  const names = new Map(rows.map(([oid, name]) => [String(oid), String(name)]));
  return columns.map(({ name, type }) => ({ name, type: names.get(type) ?? type }));
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
