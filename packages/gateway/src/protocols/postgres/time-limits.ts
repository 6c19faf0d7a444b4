import { randomBytes } from "node:crypto";
import { type } from "./framing.ts";
import { ownStatements } from "./messages.ts";
import type { ServerLimits } from "./server-limits.ts";

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
  /** The statements that the server has to run before the client's next message; mostly none. */
  due(inTransaction: boolean): readonly string[];
  /** A ROLLBACK was answered: to a savepoint, or AND CHAIN, it takes back what was set, and the transaction goes on. */
  rolledBack(): void;
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
  const limits: Limit[] = [
    limit("statement_timeout", Math.min(timeout, server.statement), statementSlack),
    limit("idle_in_transaction_session_timeout", server.idleInTransaction, transactionSlack),
  ];
  if (server.transaction !== undefined)
    limits.push(limit("transaction_timeout", server.transaction, transactionSlack));
  const start = new Map<string, string>([...keepAlive, ["application_name", name]]);
  const first = left();
  for (const each of limits) {
    each.told = Math.min(each.bound, first);
    start.set(each.name, setting(each.told));
  }
  if (server.connectionCheck !== undefined) {
    const ms = Math.min(server.connectionCheck, CONNECTION_CHECK_MS);
    start.set("client_connection_check_interval", setting(ms));
  }
  /** Set inside a transaction, whose rollback takes it back. */
  const mayBeUndone = new Set<Limit>();

  const rolledBack = (): void => {
    for (const each of mayBeUndone) each.told = each.bound;
  };

  return {
    start,
    rolledBack,
    due(inTransaction) {
      if (!inTransaction && mayBeUndone.size > 0) {
        rolledBack();
        mayBeUndone.clear();
      }
      const ms = left();
      let statements = nothing;
      for (const each of limits) {
        if (each.told <= ms + each.slack(ms)) continue;
        each.told = Math.min(each.bound, ms);
        if (inTransaction) mayBeUndone.add(each);
        statements = [...statements, `set ${each.name} = ${setting(each.told)}`];
      }
      return statements;
    },
  };
}

const nothing: readonly string[] = [];

/** One of the server's limits in a session. */
interface Limit {
  readonly name: string;
  /** The longest that it may be, whatever the grant has left. */
  readonly bound: number;
  /** How much longer than what the grant has left it may be before it is set anew. */
  readonly slack: (left: number) => number;
  /** What the server was told last. */
  told: number;
}

function limit(name: string, bound: number, slack: Limit["slack"]): Limit {
  return { name, bound, slack, told: bound };
}

function statementSlack(): number {
  return LIMIT_SLACK_MS;
}

/** A transaction that outlives its gateway unseen holds locks and commits nothing: a quarter more does. */
function transactionSlack(left: number): number {
  return Math.max(LIMIT_SLACK_MS, left / 4);
}
