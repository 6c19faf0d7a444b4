import type { Gate, WebSession } from "../../gate/gate.ts";
import type { NamedScope } from "../../gate/protocol.ts";
import { denied, refusedAnswer } from "../../gate/web/answers.ts";
import type { WebAsk, WebExchange } from "../../gate/web/door.ts";
import { send } from "../../gate/web/front.ts";
import { valuesOf } from "../../gate/web/head.ts";
import { Busy } from "../../gate/web/sharing.ts";
import { readWhole } from "../../gate/web/reading.ts";
import { relay, type PassageBody } from "../../gate/web/relay.ts";
import { type AnswerRules, REWRITABLE, withoutChoice } from "../../gate/web/answer.ts";
import type { Upstream } from "../../gate/web/upstream.ts";
import type { HttpAct, HttpBody } from "./act.ts";
import { isJudgedWhole } from "./body.ts";
import { compileScopes, type Compiled } from "./compile.ts";
import { detailOf } from "./detail.ts";
import { judgeAhead } from "./judge-ahead.ts";
import { bodyRuleOf, judgeRequest } from "./judge.ts";
import { headersUp } from "./headers-up.ts";
import { maskJson } from "../../gate/web/json-mask.ts";
import { type HttpScope, MAX_JUDGED_BYTES } from "./scope.ts";
import type { HttpTarget } from "./target.ts";

/** What all exchanges share. */
export interface ExchangeOptions {
  /** The gateway's own URL, for challenges. */
  readonly url: string;
  readonly upstreamOf: (target: HttpTarget) => Upstream;
  /** Milliseconds, never stepping back. */
  readonly now: () => number;
}

/** A body of a declared length up to this is read before it is judged, so that its digest is in the intent, bytes. */
const readAhead = 65_536;
/** A larger body is digested in its principal's turn, bytes. */
const LARGE_BODY_BYTES = 262_144;

/** The act of a request, whatever its body turns out to be. */
export function actOf(ask: WebAsk, body: HttpBody, upgrade?: string): HttpAct {
  return {
    method: ask.method,
    target: ask.target,
    headers: ask.rawHeaders,
    body,
    ...(upgrade === undefined ? {} : { upgrade }),
  };
}

/** Whether a grant's scopes cover a request as far as its head tells. */
export function coversHead(ask: WebAsk, hasBody: boolean): (scopes: readonly NamedScope<never>[]) => boolean {
  return (scopes) => {
    const compiled = compileScopes(scopes);
    if (hasBody) return bodyRuleOf(compiled, ask.method, ask.target) !== undefined;
    return "scope" in judgeRequest(compiled, actOf(ask, { kind: "none" }));
  };
}

/** The headers that the gateway sets itself, in lower case: a client's of the same name goes nowhere. */
export function ownHeaders(target: HttpTarget): ReadonlySet<string> {
  return new Set(Object.keys(target.headers).map((name) => name.toLowerCase()));
}

/** The scopes of a session, compiled. */
export function scopesOf(session: WebSession<HttpAct>): readonly Compiled[] {
  return compileScopes(session.scopes as readonly NamedScope<HttpScope>[]);
}

/** Whether a request has a body, as its head says, and how long it is. */
function framingOf(exchange: WebExchange): { readonly has: boolean; readonly length: number | undefined } {
  const { request, rawHeaders } = exchange;
  const [declared] = valuesOf(rawHeaders, "content-length");
  const length = declared === undefined ? undefined : Number(declared);
  if ("stream" in request) return { has: !request.stream.endAfterHeaders && length !== 0, length };
  const chunked = valuesOf(rawHeaders, "transfer-encoding").length > 0;
  return { has: chunked || (length !== undefined && length > 0), length };
}

/** Answers one request: verified, judged, sent upstream, and its answer brought down. */
export async function exchangeOne(
  exchange: WebExchange,
  gate: Gate<HttpAct>,
  options: ExchangeOptions,
): Promise<void> {
  const { response, request } = exchange;
  const framing = framingOf(exchange);
  const session = await gate.enter({
    bearer: exchange.bearer,
    connection: exchange.connection,
    client: exchange.client,
    socket: exchange.connectionOf,
    account: exchange.account,
    ...(exchange.grant === undefined ? {} : { grant: exchange.grant }),
    covers: coversHead(exchange, framing.has),
  });
  if ("refused" in session) {
    send(response, refusedAnswer(session, options.url));
    return;
  }
  const scopes = scopesOf(session);
  const body = await bodyOf(exchange, framing, scopes, session.ended);
  if (body === undefined) return;
  const { account } = exchange;
  const act = await judgeAhead(actOf(exchange, body), scopes, account, session.ended);
  const answer = judgeRequest(scopes, act);
  const listed = "scope" in answer ? answer.scope.headers : [];
  const own = ownHeaders(session.target as HttpTarget);
  // The digest of a large body takes a while.
  const isLarge = body.kind === "read" && body.bytes.length > LARGE_BODY_BYTES;
  const detail = isLarge
    ? await account.heavy.run(account.key, () => detailOf(act, listed, own))
    : detailOf(act, listed, own);
  const decision = await session.judge(act, detail);
  if ("denial" in decision) {
    // What is left of a body is not read: the connection ends with the answer.
    if (body.kind === "stream" && !("stream" in request)) response.setHeader("connection", "close");
    send(response, denied(decision.denial));
    return;
  }
  const { permit } = decision;
  const scope = scopes.find(({ name }) => name === permit.operation);
  if (scope === undefined) throw new TypeError("a permit names no scope of its session");
  const target = session.target as HttpTarget;
  // With a mask the representation is the gateway's to choose.
  const isMasked = scope.mask !== undefined;
  const asked = isMasked ? withoutChoice(act.headers) : act.headers;
  const plain: Readonly<Record<string, string>> = isMasked ? REWRITABLE : {};
  await relay({
    exchange,
    session,
    permit,
    upstream: options.upstreamOf(target),
    method: act.method,
    target: act.target,
    headers: (own, framed) => headersUp(asked, scope.headers, own, { ...plain, ...framed }),
    body: bodyFor(body, scope),
    answer: answerRules(scope, target),
    now: options.now,
  });
}

function bodyFor(body: HttpBody, scope: Compiled): PassageBody {
  return body.kind === "stream" ? { ...body, most: scope.body?.max ?? 0 } : body;
}

function answerRules(scope: Compiled, target: HttpTarget): AnswerRules {
  const { mask } = scope;
  return {
    cookies: target.cookies,
    drop: scope.dropHeaders,
    ...(scope.maxAnswer === undefined ? {} : { max: scope.maxAnswer }),
    ...(mask === undefined
      ? {}
      : {
          rewrite: () => maskJson(mask),
        }),
  };
}

/**
 * The body as it is judged. What is judged by its content is read whole, however it is framed; undefined when the client
 * went away meanwhile.
 */
async function bodyOf(
  exchange: WebExchange,
  framing: { readonly has: boolean; readonly length: number | undefined },
  scopes: readonly Compiled[],
  ended: AbortSignal,
): Promise<HttpBody | undefined> {
  if (!framing.has) return { kind: "none" };
  const { length } = framing;
  const rule = bodyRuleOf(scopes, exchange.method, exchange.target);
  const max = rule?.max ?? 0;
  // Nobody grants one as large: the denial needs no more of it.
  if (length !== undefined && length > max) return { kind: "stream", length };
  const isWhole = rule === undefined || isJudgedWhole(exchange.rawHeaders, rule);
  if (exchange.expectsContinue) exchange.response.writeContinue();
  if (!isWhole && (length === undefined || length > readAhead)) return { kind: "stream", length };
  const most = Math.min(max, MAX_JUDGED_BYTES);
  try {
    const bytes = await readWhole(exchange.request, most, exchange.account, ended);
    // One byte more than granted is enough to say so.
    if (bytes === undefined) return { kind: "stream", length: max + 1 };
    return bytes.length === 0 ? { kind: "none" } : { kind: "read", bytes };
  } catch (error) {
    if (error instanceof Busy) throw error;
    return undefined;
  }
}
