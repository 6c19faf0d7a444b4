import type { ServerResponse } from "node:http";
import { endOf, type Outcome, type WebSession } from "../../gate.ts";
import type { Permit } from "../../permit.ts";
import type { RequestControl } from "../http1/dispatch.ts";
import { createAnswer, type AnswerRules } from "./response-filter.ts";
import { problem } from "../problem.ts";
import type { WebExchange } from "../handler.ts";
import { isUnread } from "../pieces/rest-of-body.ts";
import { breakOff, busy, isGone, send } from "../router.ts";
import { TooLarge } from "./body.ts";
import { bodyUp } from "./body-up.ts";
import { Busy } from "../sessions/sharing.ts";
import { cutWhileWaiting } from "./cut-waiting.ts";
import { CredentialError, type Upstream } from "./upstream.ts";

/** One permitted request on its way upstream and back. */
export interface Passage {
  readonly exchange: WebExchange;
  readonly session: Pick<WebSession<never, unknown>, "complete" | "cuts" | "ended">;
  readonly permit: Permit<unknown>;
  readonly upstream: Upstream;
  readonly method: string;
  /** Path and query after the upstream's base, as they were judged. */
  readonly target: string;
  /** The request's headers, given the credential and what frames the body; names and values in turn. */
  readonly headers: (
    own: Readonly<Record<string, string>>,
    framing: Readonly<Record<string, string>>,
  ) => string[];
  readonly body: PassageBody;
  readonly answer: AnswerRules;
  /** Whether an answer of this status is kept back, so that its act is judged and sent again; undefined: none is. */
  readonly keepsBack?: ((status: number) => boolean) | undefined;
  /** Milliseconds, never stepping back. */
  readonly now: () => number;
}

/** A body as it was judged: none, read whole, or on its way, with the most that it may be, bytes. */
export type PassageBody =
  | { readonly kind: "none" }
  | { readonly kind: "read"; readonly bytes: Buffer }
  | { readonly kind: "stream"; readonly length: number | undefined; readonly maxBytes: number };

/** Interim answers to one request. */
const MAX_INTERIM_ANSWERS = 32;

/** Why an exchange was cut, where the gateway cut it: a code for the outcome's record. */
export class Cut extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** An upstream's failure as a code: its own words may quote what they should not. */
export function codeOf(error: unknown): string {
  if (error instanceof Cut) return error.code;
  if (error instanceof Busy) return "busy";
  if (error instanceof TooLarge) return "body_too_large";
  if (error instanceof CredentialError) return "credential_unavailable";
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^[A-Z][A-Z0-9_]{1,60}$/.test(code) ? code : "upstream_failed";
}

/** The gateway's own answer where the upstream gave none. */
function failureOf(code: string): Parameters<typeof problem>[0] {
  if (code === "grant_ended")
    return {
      status: 403,
      code,
      detail: "the grant ended while the request was under way",
      hint: "ask again: mayfly request",
    };
  if (code === "body_too_large")
    return { status: 413, code, detail: "the body is larger than granted", hint: "send less" };
  if (code === "busy")
    return {
      status: 503,
      code,
      detail: "as many requests of this kind are under way as may be",
      hint: "wait until some of them have ended",
    };
  if (/TIMEOUT/.test(code))
    return {
      status: 504,
      code: "upstream_timeout",
      detail: "the API did not answer in time",
      hint: "try again; the operator sees the connection's health",
    };
  return {
    status: 502,
    code: "upstream_failed",
    detail: `the API gave no usable answer (${code})`,
    hint: "try again; the operator sees the connection's health",
  };
}

/**
 * Sends a permitted request upstream and brings the answer down, as it arrives. Resolves when both are over.
 * @returns whether the client was answered, or the answer kept back
 */
export async function relay(passage: Passage): Promise<"answered" | "kept_back"> {
  const { exchange, session, permit, upstream, now } = passage;
  const { response } = exchange;
  const started = now();
  const complete = (outcome: Outcome): void =>
    session.complete(permit, { ...outcome, milliseconds: Math.round(now() - started) });
  const fail = (error: unknown, more: Outcome = {}): void => {
    const code = codeOf(error);
    complete({ ...more, error: code });
    if (response.headersSent) breakOff(response);
    else send(response, error instanceof Busy ? busy(error) : problem(failureOf(code)));
  };
  let own: Readonly<Record<string, string>>;
  try {
    exchange.account.use("upstream", exchange.connection);
    const given = upstream.credentials.headers();
    own = given instanceof Promise ? await within(session.ended, given) : given;
  } catch (error) {
    fail(error);
    return "answered";
  }
  // Who has gone meanwhile is asked nothing for: a client that resets its streams would leave each upstream.
  const over = session.ended.aborted ? "grant_ended" : isGone(response) ? "client_gone" : undefined;
  if (over !== undefined) {
    fail(new Cut(over));
    return "answered";
  }
  const body = bodyUp(passage);
  const headers = passage.headers(own, body.framing);
  return new Promise((resolve) => {
    let control: RequestControl | undefined;
    let over = false;
    let interim = 0;
    const answer = createAnswer(
      response as ServerResponse,
      passage.answer,
      passage.method,
      {
        pause: () => control?.pause(),
        resume: () => control?.resume(),
        fail: (code) => stop(new Cut(code)),
        tooSlow: () => {
          if (over) breakOff(response);
          else stop(new Cut("client_too_slow"));
        },
      },
      exchange.account,
    );
    const end = (how: "answered" | "kept_back" = "answered"): void => {
      over = true;
      cutting.leave();
      response.off("close", left);
      resolve(how);
    };
    const sent = (): Outcome =>
      body.counted === undefined
        ? {}
        : { copied: { bytes: body.counted.bytes, sha256: body.counted.sha256() } };
    const stop = (error: Error): void => {
      if (over) return;
      end();
      control?.abort();
      body.counted?.destroy();
      fail(error, { ...answer.outcome(), ...sent() });
    };
    const cut = (): void => stop(new Cut(endCode(session)));
    // Of a response whose stream was reset, HTTP/2 says that it is finished: only this relay knows whether it was.
    const left = (): void => stop(new Cut("client_gone"));
    const cutting = session.cuts.add(cut);
    response.once("close", left);
    body.counted?.once("error", (error) => stop(error));
    control = upstream.send(permit, {
      request: {
        path: upstream.base + passage.target,
        method: passage.method,
        headers,
        body: body.sent,
      },
      handler: {
        head(status, fields) {
          if (over) return;
          // Interim answers (RFC 9110, section 15.2) are the gateway's to give; one after another they are no answer.
          if (status < 200) {
            interim += 1;
            if (interim > MAX_INTERIM_ANSWERS) stop(new Cut("answer_malformed"));
            return;
          }
          // Who has to prove itself to a proxy is the gateway.
          if (status === 407) {
            stop(new Cut("upstream_proxy_authentication"));
            return;
          }
          if (passage.keepsBack?.(status) === true) {
            end("kept_back");
            control?.abort();
            complete({ status, error: "conflict" });
            return;
          }
          if (isUnread(exchange.request)) (response as ServerResponse).shouldKeepAlive = false;
          const problemOfHead = answer.start(status, fields);
          if (problemOfHead !== undefined) stop(new Cut(problemOfHead));
        },
        data(chunk, release) {
          if (over) return;
          const problemOfData = answer.data(chunk, release);
          if (problemOfData !== undefined) stop(new Cut(problemOfData));
        },
        end(trailers) {
          if (over) return;
          const ended = answer.end(trailers);
          const finish = (problemOfEnd: string | undefined): void => {
            if (over) return;
            if (problemOfEnd !== undefined) {
              stop(new Cut(problemOfEnd));
              return;
            }
            end();
            complete({ ...answer.outcome(), ...sent() });
            cutWhileWaiting(session, response);
          };
          if (ended instanceof Promise) void ended.then(finish, stop);
          else finish(ended);
        },
        failed: stop,
        upgraded(_, socket) {
          socket.destroy();
          stop(new Cut("answer_malformed"));
        },
      },
    });
  });
}

/** A credential, unless the session ends before it has come. */
async function within<Value>(ended: AbortSignal, value: Promise<Value>): Promise<Value> {
  let give = (): void => undefined;
  const cut = new Promise<never>((_, reject) => {
    give = () => reject(new Cut("grant_ended"));
    if (ended.aborted) give();
    else ended.addEventListener("abort", give, { once: true });
  });
  try {
    return await Promise.race([value, cut]);
  } finally {
    ended.removeEventListener("abort", give);
  }
}

/** Why a session ended, as a code. */
function endCode(session: Passage["session"]): string {
  return endOf(session.ended)?.cause === "client_gone" ? "client_gone" : "grant_ended";
}
