import { randomBytes } from "node:crypto";
import { type } from "./framing.ts";
import { ownStatements } from "./messages.ts";
import type { ServerLimits } from "./server-limits.ts";
import { renamedSession } from "./session-name.ts";

/**
 * What ends a session in the database without the gateway: its process killed, its machine lost, the network cut.
 *
 * A statement may run for what the grant has left. The server is told at start-up, and again as it grows less, because
 * it measures its limits from each statement's own start. Where it can (PostgreSQL 14), it also looks every half
 * second whether the gateway's connection is still there; keep-alives tell it of a machine that is gone.
 */
export interface TimeLimits {
  /** Start-up parameters: `RESET` goes back to them. */
  readonly start: ReadonlyMap<string, string>;
  /** The server says how the session is called now: a client may call itself otherwise. */
  called(name: string): void;
  /** The statements that the server has to run before the client's next message; mostly none. */
  due(inTransaction: boolean): readonly string[];
}

export interface TimeLimitsParts {
  readonly server: ServerLimits;
  /** The shortest `timeout` of the operations, milliseconds; Infinity where they have none. */
  readonly timeout: number;
  /** Milliseconds that the grant has left. */
  readonly left: () => number;
  /** The session's name upstream. */
  readonly name: string;
}

/** How much longer than what the grant has left a limit may be before it is set anew, milliseconds. */
const LIMIT_SLACK_MS = 100;
/** How often the server looks whether the gateway is still there while a statement runs, milliseconds. */
const CONNECTION_CHECK_MS = 500;
/** After 10 s of silence the server asks twice, 5 s apart; it gives up too when it is not heard for 20 s. */
const keepAlive: readonly (readonly [string, string])[] = [
  ["tcp_keepalives_idle", "10"],
  ["tcp_keepalives_interval", "5"],
  ["tcp_keepalives_count", "2"],
  ["tcp_user_timeout", "20000"],
];
/** PostgreSQL's settings are 32-bit numbers; 0 would mean without a limit. */
const MAX_SETTING_MS = 2_147_483_647;

function setting(ms: number): string {
  return String(Math.min(Math.max(Math.ceil(ms), 1), MAX_SETTING_MS));
}

/** Unlike any name that a client chooses by accident. */
const ownName = `mayfly ${randomBytes(6).toString("hex")}`;

/** The messages that run the statements of `due`, and the kinds of those that the server answers, in order. */
export function limitMessages(statements: readonly string[]): {
  readonly bytes: Buffer;
  readonly kinds: readonly number[];
} {
  const kinds = statements.flatMap(() => [type.parse, type.bind, type.execute, type.close, type.close]);
  return { bytes: ownStatements(ownName, statements), kinds: [...kinds, type.sync] };
}

/** Makes a session's limits. */
export function createTimeLimits({ server, timeout, left, name }: TimeLimitsParts): TimeLimits {
  /** The longest that each may be, whatever the grant has left. */
  const bounds: (readonly [string, number])[] = [
    ["statement_timeout", Math.min(timeout, server.statement)],
    ["idle_in_transaction_session_timeout", server.idleInTransaction],
  ];
  if (server.transaction !== undefined) bounds.push(["transaction_timeout", server.transaction]);
  const start = new Map<string, string>([...keepAlive, ["application_name", name]]);
  const first = left();
  for (const [each, bound] of bounds) start.set(each, setting(Math.min(bound, first)));
  if (server.connectionCheck !== undefined) {
    const ms = Math.min(server.connectionCheck, CONNECTION_CHECK_MS);
    start.set("client_connection_check_interval", setting(ms));
  }
  const longest = Math.max(...bounds.map(([, bound]) => bound));
  /** What the grant had left when the server was told last. */
  let told = first;
  let wrongName: string | undefined;
  /** Set inside a transaction, whose rollback takes it back. */
  let mayBeUndone = false;

  return {
    start,
    called(now) {
      wrongName = now === name || now === renamedSession(name, now) ? undefined : now;
    },
    due(inTransaction) {
      if (mayBeUndone && !inTransaction) {
        mayBeUndone = false;
        told = Number.POSITIVE_INFINITY;
      }
      const ms = left();
      const isLong = Math.min(told, longest) > ms + LIMIT_SLACK_MS;
      if (!isLong && wrongName === undefined) return nothing;
      const statements: string[] = [];
      if (wrongName !== undefined) {
        statements.push(`set application_name = ${quoted(renamedSession(name, wrongName))}`);
      }
      if (isLong) {
        for (const [each, bound] of bounds) {
          if (Math.min(told, bound) > ms) statements.push(`set ${each} = ${setting(Math.min(bound, ms))}`);
        }
        told = ms;
      }
      mayBeUndone = inTransaction;
      return statements;
    },
  };
}

const nothing: readonly string[] = [];

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
