import type { MayflyClient } from "./client.ts";
import { MayflyError } from "./errors.ts";
import { type HeldLease, holdLease } from "./lease.ts";
import { postgresOptions, type PostgresOptions } from "./postgres-options.ts";
import { tryToRelease } from "./release.ts";
import type { Access, Ask, Grant, Request } from "./types.generated.ts";

/** What to ask for, and how. */
export interface GrantAsk extends Ask {
  /**
   * The grant ends with this process: true, or how long it may go without renewing the lease (2s to 60s); left out: true,
   * which is 4 s. Renewing needs the event loop: a longer one where that is blocked for seconds, or false, where policy lets.
   */
  readonly lease?: boolean | string;
  /** Ends the waiting (the request is withdrawn) or the use (the grant is released). */
  readonly signal?: AbortSignal;
  /** How long to wait for approval, milliseconds; left out: until the request times out by itself. */
  readonly approvalTimeout?: number;
  /** The span that asks (W3C Trace Context); left out: the environment's `TRACEPARENT`. */
  readonly traceparent?: string;
  /** Told when a person must approve first. */
  readonly onPending?: (request: Request) => void;
  /** Told at each look, every 30 s at most, what the request is while it still waits. */
  readonly onLook?: (request: Request) => void;
  /**
   * Told when the grant could not be released, after 10 s of tries where the gateway did not answer; it then ends by itself, at
   * its deadline or with its lease. Left out: a process warning. Never masks what `use` returned or threw.
   */
  readonly onReleaseFailed?: (error: unknown, grant: Grant) => void;
  /** Process signals that release the grant and then take their course, for example ["SIGINT", "SIGTERM"]. */
  readonly releaseOn?: readonly NodeJS.Signals[];
}

/** What `use` is given: the ways in, and when they end. */
export interface GrantUse extends Access {
  readonly grant: Grant;
  /** The absolute deadline. */
  readonly endsAt: Date;
  /** Aborts when the use is aborted, a process signal came, the deadline passed, or `lost` aborted. */
  readonly signal: AbortSignal;
  /** Aborts when the lease could not be renewed or the grant has ended early; its reason is a MayflyError that says how. */
  readonly lost: AbortSignal;
  /**
   * What the constructors of node-postgres and postgres.js take, the gateway's CA included: `new Client(access.postgres())`.
   * @throws MayflyError no_postgres where the connection is no PostgreSQL
   */
  postgres(): PostgresOptions;
}

/**
 * Requests, waits for approval, uses, releases. See Mayfly.withGrant.
 * @param ca of the gateway's certificate, for `access.postgres()`
 * @throws MayflyError denied, refused, withdrawn, timed_out, not_approved_in_time, aborted; and whatever `use` throws
 */
export async function withGrant<T>(
  mayfly: Pick<MayflyClient, "request" | "wait" | "withdraw" | "collectSecret" | "renewLease" | "release">,
  ask: GrantAsk,
  use: (access: GrantUse) => T | Promise<T>,
  ca?: string,
): Promise<T> {
  const stop = new AbortController();
  const forward = (): void => stop.abort(ask.signal?.reason);
  if (ask.signal?.aborted === true) forward();
  ask.signal?.addEventListener("abort", forward, { once: true });
  let died: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    died = signal;
    stop.abort(new MayflyError("aborted", `the process got ${signal}`));
  };
  for (const signal of ask.releaseOn ?? []) process.once(signal, onSignal);
  try {
    return await run(mayfly, ask, use, { stop: stop.signal, ca });
  } finally {
    ask.signal?.removeEventListener("abort", forward);
    for (const signal of ask.releaseOn ?? []) process.removeListener(signal, onSignal);
    // The grant is released; now the signal does what it would have done.
    if (died !== undefined) process.kill(process.pid, died);
  }
}

/** What holds for the whole of a use. */
interface Surroundings {
  readonly stop: AbortSignal;
  readonly ca: string | undefined;
}

async function run<T>(
  mayfly: Pick<MayflyClient, "request" | "wait" | "withdraw" | "collectSecret" | "renewLease" | "release">,
  ask: GrantAsk,
  use: (access: GrantUse) => T | Promise<T>,
  { stop, ca }: Surroundings,
): Promise<T> {
  if (stop.aborted) throw aborted(stop);
  // Not abortable: after an abort in between, nobody would know which grant to release.
  const asked = await mayfly.request(askOf(ask), {
    idempotencyKey: crypto.randomUUID(),
    ...(ask.traceparent === undefined ? {} : { traceparent: ask.traceparent }),
  });
  const request = asked.state === "pending" ? await approval(mayfly, ask, asked, stop) : asked;
  const grantId = request.grant_id;
  if (request.state !== "approved" || grantId === undefined) throw notApproved(request);
  let grant = request.grant;
  let held: HeldLease | undefined;
  try {
    if (stop.aborted) throw aborted(stop);
    if (grant?.access?.secret === undefined)
      grant = await mayfly.collectSecret(grantId, ask.sandbox === undefined ? {} : { sandbox: ask.sandbox });
    held = holdLease(mayfly, grant);
    return await untilStopped(grant, use, { stop, ca }, held.lost);
  } finally {
    held?.letGo();
    // What is lost has ended, or ends within the lease's time: nobody need wait for a gateway that is away.
    if (held?.lost.aborted !== true) await release(mayfly, ask, grantId, grant);
  }
}

/** What is asked of the gateway: everything but what says how to wait and to end, so that nothing is left behind. */
function askOf(ask: GrantAsk): Ask {
  const {
    signal: _,
    approvalTimeout: __,
    onPending: ___,
    onLook: ____,
    onReleaseFailed: _____,
    releaseOn: ______,
    traceparent: _______,
    ...asked
  } = ask;
  return { lease: true, ...asked };
}

/** Waits for the decision; whatever keeps from waiting on also withdraws the request. */
async function approval(
  mayfly: Pick<MayflyClient, "wait" | "withdraw" | "release">,
  ask: GrantAsk,
  request: Request,
  stop: AbortSignal,
): Promise<Request> {
  try {
    ask.onPending?.(request);
    return await mayfly.wait(request.id, {
      signal: stop,
      ...(ask.onLook === undefined ? {} : { onLook: ask.onLook }),
      ...(ask.approvalTimeout === undefined ? {} : { timeout: ask.approvalTimeout }),
    });
  } catch (thrown) {
    await withdrawOrRelease(mayfly, request.id);
    throw stop.aborted ? aborted(stop) : thrown;
  }
}

/** Withdraws; a request that was approved in the same moment has a grant by now, which is released. */
async function withdrawOrRelease(
  mayfly: Pick<MayflyClient, "wait" | "withdraw" | "release">,
  id: string,
): Promise<void> {
  try {
    await mayfly.withdraw(id);
  } catch {
    try {
      const decided = await mayfly.wait(id, { timeout: 0 });
      if (decided.grant_id !== undefined) await mayfly.release(decided.grant_id);
    } catch {
      // The gateway is away: a pending request times out and a grant expires by themselves.
    }
  }
}

/** Runs `use`, and stops waiting for it when told to: what it still does runs into a released grant. */
function untilStopped<T>(
  grant: Grant,
  use: (access: GrantUse) => T | Promise<T>,
  { stop, ca }: Surroundings,
  lost: AbortSignal,
): Promise<T> {
  const { access } = grant;
  if (access === undefined) {
    throw new MayflyError("grant_ended", `grant ${grant.id} ended before it was used`, {
      hint: "request again",
    });
  }
  const endsAt = new Date(grant.ends_at);
  const deadline = new AbortController();
  const left = Math.min(Math.max(endsAt.getTime() - Date.now(), 0), 2_147_483_647);
  const timer = setTimeout(
    () => deadline.abort(new MayflyError("grant_ended", `grant ${grant.id} reached its deadline`)),
    left,
  );
  timer.unref();
  return new Promise<T>((resolve, reject) => {
    const onStop = (): void => reject(aborted(stop));
    stop.addEventListener("abort", onStop, { once: true });
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", onStop);
    };
    Promise.resolve()
      .then(() =>
        use({
          ...access,
          grant,
          endsAt,
          lost,
          signal: AbortSignal.any([stop, deadline.signal, lost]),
          postgres: () => postgresOptions(access, ca),
        }),
      )
      .then(resolve, reject)
      .finally(done);
  });
}

async function release(
  mayfly: Pick<MayflyClient, "release">,
  ask: GrantAsk,
  id: string,
  grant: Grant | undefined,
): Promise<void> {
  const failed = await tryToRelease(mayfly, id, grant?.ends_at);
  if (failed === undefined) return;
  const when = grant === undefined ? "its deadline" : grant.ends_at;
  if (ask.onReleaseFailed !== undefined && grant !== undefined) {
    try {
      ask.onReleaseFailed(failed, grant);
    } catch {
      // What `use` returned or threw matters more.
    }
  } else
    process.emitWarning(`grant ${id} could not be released; it ends by itself at ${when}`, {
      code: "MAYFLY_NOT_RELEASED",
    });
}

function aborted(stop: AbortSignal): unknown {
  if (stop.reason instanceof MayflyError) return stop.reason;
  return new MayflyError("aborted", "the use of the grant was aborted", { cause: stop.reason });
}

function notApproved(request: Request): MayflyError {
  const why = request.reasons.length === 0 ? "" : `: ${request.reasons.join("; ")}`;
  const code = request.state === "approved" || request.state === "pending" ? "bad_answer" : request.state;
  return new MayflyError(code, `request ${request.id} was ${request.state.replace("_", " ")}${why}`, {
    hint: "ask again with a better reason, or for something else: operations() lists what you may request",
    reasons: request.reasons,
    request: request.id,
  });
}
