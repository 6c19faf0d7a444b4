import { formatDuration } from "../../kernel/durations.ts";
import { SignInAgain } from "../../kernel/sign-in-again.ts";
import { close, isOver, notPending, timedOut, waitedTooLong } from "../requests/close.ts";
import type { Core } from "../core.ts";
import { conflict, forbidden, invalid, lockedDown, notFound, reading } from "../errors.ts";
import type { Actor, Allow } from "../grants.ts";
import { maySeeRequest, whyNotDecide } from "./people.ts";
import { recordRefusal } from "./refusal-limiter.ts";
import { countedRefusals } from "../requests/review-sheet.ts";
import type { AccessRequest, Allowed, Approval } from "../types.ts";

/** Reads a request that a reviewer wants to decide, and checks what both decisions require. */
export async function reviewable(
  core: Core,
  reviewer: Actor,
  id: string,
  digest: string,
  decision: Approval["decision"],
): Promise<AccessRequest> {
  const request = await reading(core.store.request(id));
  // A former reviewer is told so; an agent learns nothing.
  if (request === undefined || (reviewer.kind !== "person" && !maySeeRequest(core.rules, reviewer, request)))
    throw notFound("request", id);
  if (request.state !== "pending") {
    throw maySeeRequest(core.rules, reviewer, request) ? notPending(request) : notFound("request", id);
  }
  const why = whyNotDecide(core.rules, reviewer, request);
  if (why !== undefined) {
    recordRefusal(core, reviewer, request, decision, why);
    throw forbidden(`you cannot decide this request: ${why}`, "somebody else in the policy's groups has to");
  }
  if (core.locked !== undefined) throw lockedDown(core.locked.reason);
  if (isOver(core, request)) throw await requestClosed(core, request);
  const noes = countedRefusals(request);
  if (noes.length >= (request.approval?.refusals ?? 1)) {
    // The refusals were stored, but not the end of the request, because the store failed.
    const reason = `refused by ${noes.map((one) => one.reviewer.name).join(", ")}`;
    await close(core, request, { event: "refuse", reason });
    throw notPending({ ...request, state: "refused" });
  }
  if (digest !== request.digest) {
    throw conflict(
      "digest_mismatch",
      "the digest is not that of this request",
      "read the request again and decide what you then see",
    );
  }
  return request;
}

/** Closes a request that timed out; returns the error to answer with. */
export async function requestClosed(core: Core, request: AccessRequest): Promise<Error> {
  await close(core, request, timedOut);
  return waitedTooLong(request);
}

/** How far a provider's clock may be ahead of ours, milliseconds. */
const CLOCK_SKEW_MS = 60_000;

/**
 * Where the policy asks for it: the reviewer must have proved themselves to the provider lately (RFC 9470).
 * @throws sign_in_again
 */
export function requireFreshSignIn(core: Core, reviewer: Actor, request: AccessRequest): void {
  const maxAge = request.approval?.freshSignIn;
  if (maxAge === undefined) return;
  const age = core.wallClock.wall() - (reviewer.authenticatedAt ?? Number.NEGATIVE_INFINITY);
  if (age <= maxAge && age >= -CLOCK_SKEW_MS) return;
  throw new SignInAgain(
    `sign in again to approve: this needs a sign-in from the last ${formatDuration(maxAge)}`,
    {
      maxAge: maxAge,
    },
  );
}

/**
 * Reads what a reviewer allows.
 * @returns undefined when it is all that was asked for
 * @throws invalid_request when it is not a part of the request
 */
export function readAllow(request: AccessRequest, allow: Allow | undefined): Allowed | undefined {
  if (allow === undefined) return undefined;
  const { ttl = request.ttl } = allow;
  if (!Number.isSafeInteger(ttl) || ttl < 1000 || ttl > request.ttl) {
    throw invalid(
      "what is allowed is no shorter than 1s and no longer than what was asked for",
      `at most ${formatDuration(request.ttl)}`,
    );
  }
  const names = request.operations.map((name) => `${request.connection}/${name}`);
  const wanted = allow.operations ?? names;
  const unknown = wanted.find((name) => !names.includes(name));
  if (wanted.length === 0 || unknown !== undefined || new Set(wanted).size !== wanted.length) {
    throw invalid(
      "what is allowed is one or more of the operations asked for, each once",
      `name some of ${names.join(", ")}; to allow none, refuse`,
    );
  }
  // In the request's order, whatever the reviewer's.
  const operations = request.operations.filter((name) => wanted.includes(`${request.connection}/${name}`));
  return operations.length === request.operations.length && ttl === request.ttl
    ? undefined
    : { operations, ttl };
}
