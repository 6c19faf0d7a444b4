import type { Clock } from "../../../kernel/clock.ts";
import { withOwnConnection, type OwnConnection } from "./own-connection.ts";
import type { Target } from "../target.ts";
import { UpstreamError } from "./connect.ts";

/**
 * What the server itself limits for the gateway's role, in milliseconds; Infinity where it does not. A session is given
 * the shorter of this and of what the grant has left: the database's own limits are never lengthened.
 */
export interface ServerLimits {
  readonly statement: number;
  readonly idleInTransaction: number;
  /** Undefined before PostgreSQL 17, which has no such limit. */
  readonly transaction: number | undefined;
  /** Undefined before PostgreSQL 14, and where the server's system cannot tell that a client is gone. */
  readonly connectionCheck: number | undefined;
  /** Whether it compiles what a plan takes to be costly (`jit`, from PostgreSQL 11 on). */
  readonly compiles?: boolean;
}

/** Remembers what servers limit. */
export interface Servers {
  /**
   * What a target's server limits: asked at the first session, and again in the background once a minute.
   * @throws UpstreamError
   */
  limits(target: Target, signal: AbortSignal): Promise<ServerLimits>;
  /** Forgets: a server that took no start-up parameter of ours is another one now. */
  forget(target: Target): void;
}

const LIMITS_AGE_MS = 60_000;
const ASK_MS = 10_000;

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** A time setting as SHOW gives it (`5min`, `0`), in milliseconds; 0 means without a limit. */
export function settingMs(text: string): number {
  const [, count = "", unit = "ms"] = /^(\d+)(ms|s|min|h|d)?$/.exec(text) ?? [];
  if (count === "") throw new UpstreamError("08P01", "the database shows a limit that is no time", "");
  const ms = Number(count) * (units[unit] ?? 1);
  return ms === 0 ? Number.POSITIVE_INFINITY : ms;
}

const question = `select ${[
  "statement_timeout",
  "idle_in_transaction_session_timeout",
  "transaction_timeout",
  "client_connection_check_interval",
  "jit",
]
  .map((name) => `pg_catalog.current_setting('${name}', true)`)
  .join(", ")}`;

/** A server that lets the gateway in and does not say: it is told what every server knows. */
const unsaid: ServerLimits = {
  statement: Number.POSITIVE_INFINITY,
  idleInTransaction: Number.POSITIVE_INFINITY,
  transaction: undefined,
  connectionCheck: undefined,
};

async function look({ ask }: OwnConnection): Promise<ServerLimits> {
  const [row = []] = await ask(question);
  const [statement, idle, transaction, check] = row
    .slice(0, 4)
    .map((text) => (text === null || text === "" ? undefined : settingMs(text)));
  return {
    statement: statement ?? Number.POSITIVE_INFINITY,
    idleInTransaction: idle ?? Number.POSITIVE_INFINITY,
    transaction,
    connectionCheck: check === undefined || !(await canCheck(ask)) ? undefined : check,
    compiles: row[4] === "on",
  };
}

/** Whether the server's system can tell that a client is gone; where it cannot, the setting takes 0 alone. */
async function canCheck(ask: OwnConnection["ask"]): Promise<boolean> {
  try {
    await ask("set client_connection_check_interval = 1000");
    return true;
  } catch (error) {
    if (error instanceof UpstreamError && error.code === "22023") return false;
    throw error;
  }
}

export function createServers(clock: Clock): Servers {
  const known = new WeakMap<Target, { readonly at: number; readonly limits: ServerLimits }>();
  const asking = new WeakMap<Target, Promise<ServerLimits>>();
  const never = new AbortController().signal;

  const learn = (target: Target): Promise<ServerLimits> => {
    const under = asking.get(target);
    if (under !== undefined) return under;
    // Whoever waits may leave; the answer is for all who come after.
    const begun = withOwnConnection(target, clock, never, ASK_MS, (own) => look(own).catch(() => unsaid))
      .then((limits) => {
        if (limits !== unsaid) known.set(target, { at: clock.monotonic(), limits });
        return limits;
      })
      .finally(() => asking.delete(target));
    begun.catch(() => undefined);
    asking.set(target, begun);
    return begun;
  };

  return {
    async limits(target, signal) {
      const found = known.get(target);
      if (found === undefined) {
        const gone = new Promise<never>((_, reject) => {
          const leave = (): void => reject(new UpstreamError("08006", "nobody waits any more", ""));
          if (signal.aborted) leave();
          else signal.addEventListener("abort", leave, { once: true });
        });
        gone.catch(() => undefined);
        return Promise.race([learn(target), gone]);
      }
      if (clock.monotonic() - found.at > LIMITS_AGE_MS) void learn(target).catch(() => undefined);
      return found.limits;
    },
    forget: (target) => void known.delete(target),
  };
}
