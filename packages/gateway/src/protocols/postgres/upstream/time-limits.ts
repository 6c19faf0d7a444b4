import { randomBytes } from "node:crypto";
import { type } from "../wire/framing.ts";
import { Control } from "../wire/control.ts";
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
  /**
   * What was set may have been taken back: by a ROLLBACK, also one to a savepoint or AND CHAIN, or by an error, which
   * undoes what came before it in its text or since the last Sync.
   */
  rolledBack(): void;
  /** The client set a time-out: to so many milliseconds (0: none), or back to what the session began with. */
  changed(name: string, ms: number | undefined, isLocal: boolean): void;
  /** The client went back to what the session began with. */
  reset(): void;
  /** The longest that the client may set each time-out to, milliseconds; Infinity where it has no bound. */
  readonly bounds: ReadonlyMap<string, number>;
}

export interface TimeLimitsParts {
  readonly server: Pick<ServerLimits, "connectionCheck">;
  readonly bounds: ReadonlyMap<string, number>;
  /** Milliseconds that the grant has left. */
  readonly left: () => number;
  /** The session's name upstream. */
  readonly name: string;
  /** Time-outs that the client asked for at start-up, milliseconds by name. */
  readonly asked?: ReadonlyMap<string, number>;
}

/**
 * How much longer than what the grant has left a limit may be before it is set anew: so many milliseconds, or this share of
 * what is left. The deadline itself is the gateway's; this is for when the gateway is gone.
 */
const LIMIT_SLACK_MS = 1000;
const STATEMENT_SLACK = 1 / 64;
/** A transaction that outlives its gateway unseen holds locks and commits nothing: a quarter more does. */
const TRANSACTION_SLACK = 1 / 4;
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
  readonly control: Control;
  readonly kinds: readonly number[];
} {
  const kinds = statements.flatMap(() => [type.parse, type.bind, type.execute, type.close, type.close]);
  return { control: Control.settings(ownName, statements), kinds: [...kinds, type.sync] };
}

/**
 * The longest that each of a session's time-outs may be, milliseconds by name; Infinity where it has no bound.
 * @param timeout the shortest `timeout` of the operations, milliseconds; Infinity where they have none
 */
export function timeBounds(server: ServerLimits, timeout: number): ReadonlyMap<string, number> {
  const bounds = new Map([
    ["statement_timeout", Math.min(timeout, server.statement)],
    ["idle_in_transaction_session_timeout", server.idleInTransaction],
  ]);
  if (server.transaction !== undefined) bounds.set("transaction_timeout", server.transaction);
  return bounds;
}

/** Makes a session's limits. */
export function createTimeLimits({ server, bounds, left, name, asked }: TimeLimitsParts): TimeLimits {
  const limits = [...bounds].map(([timeout, bound]) =>
    limit(timeout, bound, timeout === "statement_timeout" ? STATEMENT_SLACK : TRANSACTION_SLACK),
  );
  const start = new Map<string, string>([...keepAlive, ["application_name", name]]);
  const first = left();
  for (const each of limits) {
    each.client = each.atStart = asked?.get(each.name) ?? Number.POSITIVE_INFINITY;
    each.told = Math.min(boundOf(each), first);
    start.set(each.name, setting(each.told));
  }
  if (server.connectionCheck !== undefined) {
    const ms = Math.min(server.connectionCheck, CONNECTION_CHECK_MS);
    start.set("client_connection_check_interval", setting(ms));
  }
  /** Set inside a transaction, whose rollback takes it back. */
  const mayBeUndone = new Set<Limit>();
  /** Nothing is due, and nothing set may be taken back, while the grant has so much left: milliseconds. */
  let atRestUntil = Number.POSITIVE_INFINITY;

  const rolledBack = (): void => {
    for (const each of limits) {
      if (!mayBeUndone.has(each) && each.pending === undefined && each.local === undefined) continue;
      each.pending = undefined;
      each.local = undefined;
      each.told = each.bound;
    }
  };
  /** The transaction is over: what was set for it alone is gone, and what was set in it holds. */
  const settle = (): void => {
    for (const each of limits) {
      if (each.local !== undefined) each.told = each.bound;
      each.client = each.pending ?? each.client;
      each.pending = undefined;
      each.local = undefined;
    }
  };

  return {
    start,
    rolledBack,
    bounds,
    changed(name, ms, isLocal) {
      const changed = limits.find((each) => each.name === name);
      if (changed === undefined) return;
      atRestUntil = Number.POSITIVE_INFINITY;
      const value = ms === undefined ? changed.atStart : ms === 0 ? Number.POSITIVE_INFINITY : ms;
      if (isLocal) changed.local = value;
      else {
        changed.pending = value;
        changed.local = undefined;
      }
      changed.told = ms === undefined ? changed.bound : value;
    },
    reset() {
      atRestUntil = Number.POSITIVE_INFINITY;
      for (const each of limits) {
        each.pending = each.atStart;
        each.local = undefined;
        each.told = each.bound;
      }
    },
    due(inTransaction) {
      const ms = left();
      if (ms >= atRestUntil) return nothing;
      if (!inTransaction) {
        for (const each of mayBeUndone) each.told = each.bound;
        mayBeUndone.clear();
        settle();
      }
      let statements = nothing;
      for (const each of limits) {
        if (each.told <= longest(each, ms)) continue;
        each.told = Math.min(boundOf(each), ms);
        if (inTransaction) mayBeUndone.add(each);
        statements = [...statements, `set ${each.name} = ${setting(each.told)}`];
      }
      atRestUntil = inTransaction
        ? Number.POSITIVE_INFINITY
        : limits.reduce((until, each) => Math.max(until, enoughFor(each)), 0);
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
  /** The share of what the grant has left by which it may be longer before it is set anew. */
  readonly slack: number;
  /** What the server was told last; the bound where that is not known. */
  told: number;
  /** What the client asked for at start-up, and what it set since; Infinity for nothing. */
  atStart: number;
  client: number;
  /** Set in a transaction that is not over, or since the last answer; and set for it alone. */
  pending: number | undefined;
  local: number | undefined;
}

/** The longest that a limit may be now, whatever the grant has left. */
function boundOf({ bound, local, pending, client }: Limit): number {
  return Math.min(bound, local ?? pending ?? client);
}

function limit(name: string, bound: number, slack: Limit["slack"]): Limit {
  return {
    name,
    bound,
    slack,
    told: bound,
    atStart: Number.POSITIVE_INFINITY,
    client: Number.POSITIVE_INFINITY,
    pending: undefined,
    local: undefined,
  };
}

/** The longest that the server may take for what the grant has left: milliseconds. */
function longest({ slack }: Limit, left: number): number {
  return left + Math.max(LIMIT_SLACK_MS, left * slack);
}

/** As much as the grant has to have left for what the server was told last: milliseconds. */
function enoughFor({ told, slack }: Limit): number {
  return Math.min(told - LIMIT_SLACK_MS, told / (1 + slack));
}
