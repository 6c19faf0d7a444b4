import { createHash, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { readHookCall } from "../../identity/signals/events.ts";
import { parseJson } from "../contract/json.ts";
import { type Head, type OpenCall, openEndpoint } from "../contract/endpoint.ts";
import { ApiProblem } from "../contract/problems.ts";
import type { SignalServices } from "../services.ts";
import { headerOf, notConfigured } from "./refused.ts";

/** A call brings several events of a few kilobytes each, bytes. */
const MAX_CALL_BYTES = 1_048_576;
/** Event types that a log line names. */
const MAX_NAMED = 10;

const ids = z.array(z.string());
const outcomesSchema = z.object({
  outcomes: z.array(
    z.object({
      event: z.string(),
      effect: z.enum(["end", "judge_again", "refresh"]),
      subject: z.looseObject({ kind: z.string() }),
      /** Known already: nothing was done. */
      repeat: z.boolean(),
      grants: ids,
      requests: ids,
      sessions: ids,
    }),
  ),
});

/** What a call with `?test=` is answered. */
export type HookOutcomes = z.infer<typeof outcomesSchema>;

type Hooks = SignalServices & {
  readonly settings: { readonly eventHooks: NonNullable<SignalServices["settings"]["eventHooks"]> };
};

/** @throws ApiProblem 404 where no event hooks are configured */
function hooksOf({ services }: Pick<OpenCall, "services">): Hooks {
  const { signals } = services;
  if (signals?.settings.eventHooks === undefined) {
    throw notConfigured("event_hooks");
  }
  return signals as Hooks;
}

/** Whether two texts are the same, in a time that says nothing of where they differ. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** Okta asks once whether the URL is its owner's: the answer repeats what it sent (Okta, "Event hooks", verification). */
export const verifyEventHook = openEndpoint({
  id: "GET /v1/signals/event-hook",
  operationId: "verifyEventHook",
  summary: "Repeats Okta's challenge, which verifies the URL of an event hook",
  browser: true,
  headers: z.looseObject({
    "x-okta-verification-challenge": z
      .string()
      .max(512)
      .regex(/^[\x21-\x7e]+$/)
      .optional(),
  }),
  answers: { 200: { description: "The challenge", schema: z.object({ verification: z.string() }) } },
  handle(call) {
    hooksOf(call);
    const challenge = call.headers["x-okta-verification-challenge"];
    if (challenge === undefined) {
      throw new ApiProblem(
        "malformed_request",
        400,
        "there is no challenge in x-okta-verification-challenge",
        "in Okta, choose Verify in the event hook's Actions",
      );
    }
    return { status: 200, body: { verification: challenge } };
  },
});

/** Counts and records a call that is refused. */
function refused(head: Head, problem: ApiProblem): ApiProblem {
  hooksOf(head).refused("event_hook");
  const detail = { channel: "event_hook", why: problem.message, address: head.address };
  head.recordRefusal({ type: "signal.refused", detail });
  return problem;
}

/** @throws ApiProblem for another secret than the hook's */
function checkSecret(head: Head): void {
  const { settings } = hooksOf(head);
  const given = headerOf(head, "authorization");
  if (given !== undefined && isSame(given, settings.eventHooks.secret.reveal())) return;
  // Taken for a wrong one alone: guessing holds up nobody who has the right one.
  const wait = head.takeSignal();
  throw refused(
    head,
    wait === 0
      ? new ApiProblem(
          "signal_unauthorized",
          401,
          "the Authorization header is not the event hook's secret",
          "write the value of identity.signals.event_hooks.secret into the hook's Authentication secret",
        )
      : new ApiProblem(
          "too_many_requests",
          429,
          "too many calls with a wrong secret from this address",
          "correct the secret first",
          { headers: { "retry-after": String(Math.ceil(wait / 1000)) } },
        ),
  );
}

/** Okta's event hooks call here; the secret in the Authorization header is what lets a call in. */
export const takeEventHook = openEndpoint({
  id: "POST /v1/signals/event-hook",
  operationId: "takeEventHook",
  summary: "Takes what Okta's event hooks tell of",
  browser: true,
  bytes: true,
  bodyLimit: MAX_CALL_BYTES,
  body: z.instanceof(Buffer).optional(),
  // Okta sends none of this: it is for whoever tries the hook out, with its secret.
  query: z.looseObject({ test: z.enum(["dry_run", "end"]).optional() }),
  answers: {
    200: { description: "What came of it, or would: where a test asks", schema: outcomesSchema },
    204: { description: "Recorded and carried out, or known already" },
  },
  beforeBody: checkSecret,
  async handle(call) {
    const hooks = hooksOf(call);
    let read;
    try {
      read = call.body === undefined ? undefined : readHookCall(parseJson(call.body), hooks.issuers);
    } catch {
      read = undefined;
    }
    if (read === undefined) {
      throw refused(
        call,
        new ApiProblem(
          "malformed_request",
          400,
          "the body is not that of an event hook",
          "Okta sends JSON with data.events",
        ),
      );
    }
    const { signals, ignored, unreadable } = read;
    if (unreadable > 0 || ignored.length > 0) {
      const types = [...new Set(ignored)].slice(0, MAX_NAMED);
      call.services.logger.info({ channel: "event_hook", types, unreadable }, "events without effect");
    }
    // Rejects with 503 where it could not be kept: Okta sends it once more.
    const { test } = call.query;
    const outcomes =
      signals.length === 0 ? [] : await hooks.sink.receive(signals, { isDryRun: test === "dry_run" });
    if (test === undefined) return { status: 204 };
    return {
      status: 200,
      body: {
        outcomes: outcomes.map(({ signal, isRepeat, grants, requests, sessions }) => ({
          event: signal.event,
          effect: signal.effect,
          subject: signal.subject,
          repeat: isRepeat,
          grants,
          requests,
          sessions,
        })),
      },
    };
  },
});
