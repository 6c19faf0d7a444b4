import type { MayflyClient } from "./client.ts";
import { MayflyError } from "./errors.ts";
import type { Access, Ask, Grant, Request } from "./types.generated.ts";

/** What to ask for, and how. */
export interface GrantAsk extends Ask {
  /** Ends the waiting (the request is withdrawn) or the use (the grant is released). */
  readonly signal?: AbortSignal;
  /** How long to wait for approval, milliseconds; left out: until the request times out by itself. */
  readonly approvalTimeout?: number;
  /** Told when a person must approve first. */
  readonly onPending?: (request: Request) => void;
  /**
   * Told when the grant could not be released, after three tries; it then ends at its deadline. Left out: a process
   * warning. Never masks what `use` returned or threw.
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
  /** Aborts when the use is aborted, a process signal came, or the deadline passed. */
  readonly signal: AbortSignal;
}

/**
 * Requests, waits for approval, uses, releases. See Mayfly.withGrant.
 * @throws MayflyError denied, refused, withdrawn, timed_out, not_approved_in_time, aborted; and whatever `use` throws
 */
export async function withGrant<T>(
  mayfly: Pick<MayflyClient, "request" | "wait" | "withdraw" | "collectSecret" | "release">,
  ask: GrantAsk,
  use: (access: GrantUse) => T | Promise<T>,
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
    return await run(mayfly, ask, use, stop.signal);
  } finally {
    ask.signal?.removeEventListener("abort", forward);
    for (const signal of ask.releaseOn ?? []) process.removeListener(signal, onSignal);
    // The grant is released; now the signal does what it would have done.
    if (died !== undefined) process.kill(process.pid, died);
  }
}

async function run<T>(
  mayfly: Pick<MayflyClient, "request" | "wait" | "withdraw" | "collectSecret" | "release">,
  ask: GrantAsk,
  use: (access: GrantUse) => T | Promise<T>,
  stop: AbortSignal,
): Promise<T> {
  if (stop.aborted) throw aborted(stop);
  // Not abortable: after an abort in between, nobody would know which grant to release.
  const asked = await mayfly.request(askOf(ask), { idempotencyKey: crypto.randomUUID() });
  const request = asked.state === "pending" ? await approval(mayfly, ask, asked, stop) : asked;
  const grantId = request.grant_id;
  if (request.state !== "approved" || grantId === undefined) throw notApproved(request);
  let grant = request.grant;
  try {
    if (stop.aborted) throw aborted(stop);
    if (grant?.access?.secret === undefined) grant = await mayfly.collectSecret(grantId);
    return await untilStopped(grant, use, stop);
  } finally {
    await release(mayfly, ask, grantId, grant);
  }
}

/** What is asked of the gateway: everything but what says how to wait and to end, so that nothing is left behind. */
function askOf(ask: GrantAsk): Ask {
  const {
    signal: _,
    approvalTimeout: __,
    onPending: ___,
    onReleaseFailed: ____,
    releaseOn: _____,
    ...asked
  } = ask;
  return asked;
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
      ...(ask.approvalTimeout === undefined ? {} : { timeout: ask.approvalTimeout }),
    });
  } catch (thrown) {
    await takeBack(mayfly, request.id);
    throw stop.aborted ? aborted(stop) : thrown;
  }
}

/** Withdraws; a request that was approved in the same moment has a grant by now, which is released. */
async function takeBack(
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
  stop: AbortSignal,
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
      .then(() => use({ ...access, grant, endsAt, signal: AbortSignal.any([stop, deadline.signal]) }))
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
  for (let attempt = 1; ; attempt += 1) {
    try {
      await mayfly.release(id);
      return;
    } catch (thrown) {
      if (attempt < 3) continue;
      const when = grant === undefined ? "its deadline" : grant.ends_at;
      if (ask.onReleaseFailed !== undefined && grant !== undefined) {
        try {
          ask.onReleaseFailed(thrown, grant);
        } catch {
          // What `use` returned or threw matters more.
        }
      } else
        process.emitWarning(`grant ${id} could not be released; it ends at ${when}`, {
          code: "MAYFLY_NOT_RELEASED",
        });
      return;
    }
  }
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
