import type { Gate } from "../../gate/gate.ts";
import type { NamedScope } from "../../gate/protocol.ts";
import { denied, refusedAnswer } from "../../gate/web/problem.ts";
import type { WebRequest, WebExchange } from "../../gate/web/handler.ts";
import { send } from "../../gate/web/router.ts";
import { sentTraceparent, traceHeaders } from "../../gate/web/proxy/trace-headers.ts";
import { Busy } from "../../gate/web/sessions/sharing.ts";
import { readWhole } from "../../gate/web/proxy/body.ts";
import { relay, type PassageBody } from "../../gate/web/proxy/relay.ts";
import { type AnswerRules, REWRITABLE } from "../../gate/web/proxy/response-filter.ts";
import type { Upstream } from "../../gate/web/proxy/upstream.ts";
import type { HttpAct, HttpCover, HttpBody } from "./act.ts";
import { isJudgedWhole } from "./body/judge.ts";
import type { Compiled, CompiledScopes } from "./compile.ts";
import { detailOf } from "./detail.ts";
import { judgeAhead } from "./body/judge-ahead.ts";
import { bodyRuleOf, judgeHead, type JudgedHead } from "./judge-head.ts";
import { headersUp } from "./request/headers-up.ts";
import { maskJson } from "../../gate/web/proxy/json-mask.ts";
import { type HttpScope, MAX_JUDGED_BYTES } from "./scope.ts";
import type { HttpTarget } from "./target.ts";

/** What all exchanges share. */
export interface ExchangeOptions {
  /** The gateway's own URL, for challenges. */
  readonly url: string;
  readonly scopes: CompiledScopes;
  /** The headers that the gateway sets itself, in lower case: a client's of the same name goes nowhere. */
  readonly ownHeaders: (target: HttpTarget) => ReadonlySet<string>;
  readonly upstreamOf: (target: HttpTarget) => Upstream;
  /** Milliseconds, never stepping back. */
  readonly now: () => number;
}

/** A body of a declared length up to this is read before it is judged, so that its digest is in the intent, bytes. */
const READ_AHEAD_BYTES = 65_536;
/** A larger body is digested in its principal's turn, bytes. */
const LARGE_BODY_BYTES = 262_144;

const noBody: HttpBody = { kind: "none" };

/** The act of a request, whatever its body turns out to be. */
export function actOf(request: WebRequest, body: HttpBody, upgrade?: string): HttpAct {
  return {
    method: request.method,
    target: request.target,
    headers: request.rawHeaders,
    body,
    ...(upgrade === undefined ? {} : { upgrade }),
  };
}

/** Whether a grant's scopes cover a request as far as its head tells. */
export function coversHead(
  request: WebRequest,
  hasBody: boolean,
  compiled: CompiledScopes,
): (scopes: readonly NamedScope<never>[]) => boolean {
  return (scopes) => {
    const head = judgeHead(compiled.of(scopes), actOf(request, { kind: "none" }));
    return hasBody
      ? head.bodies.length > 0
      : head.candidates.some(({ scope }) => scope.body?.check === undefined);
  };
}

/** Whether a request has a body, as its head says, and how long it is. */
function framingOf(exchange: WebExchange): { readonly has: boolean; readonly length: number | undefined } {
  const { request, known } = exchange;
  const [declared] = known.contentLength;
  const length = declared === undefined ? undefined : Number(declared);
  if ("stream" in request) return { has: !request.stream.endAfterHeaders && length !== 0, length };
  const chunked = known.transferEncoding.length > 0;
  return { has: chunked || (length !== undefined && length > 0), length };
}

/** Answers one request: verified, judged, sent upstream, and its answer brought down. */
export async function handleRequest(
  exchange: WebExchange,
  gate: Gate<HttpAct, HttpCover>,
  options: ExchangeOptions,
): Promise<void> {
  const { response, request } = exchange;
  const framing = framingOf(exchange);
  const session = await gate.enter({
    bearer: exchange.bearer,
    shown: exchange.shown,
    connection: exchange.connection,
    client: exchange.client,
    socket: exchange.connectionOf,
    account: exchange.account,
    ...(exchange.grant === undefined ? {} : { grant: exchange.grant }),
    covers: coversHead(exchange, framing.has, options.scopes),
  });
  if (session.kind === "refused") {
    send(response, refusedAnswer(session, options.url));
    return;
  }
  const head = judgeHead(
    options.scopes.of(session.scopes as readonly NamedScope<HttpScope>[]),
    actOf(exchange, noBody),
  );
  const body = framing.has ? await bodyOf(exchange, framing.length, head, session.ended) : noBody;
  if (body === undefined) return;
  const { account } = exchange;
  const judging = judgeAhead(head, actOf(exchange, body), account, session.ended);
  const act = judging instanceof Promise ? await judging : judging;
  const { verdict } = act.prepared;
  const cover = verdict.kind === "permit" ? verdict.cover : undefined;
  const target = session.target as HttpTarget;
  // The digest of a large body takes a while.
  const isLarge = body.kind === "read" && body.bytes.length > LARGE_BODY_BYTES;
  const sent = sentTraceparent(session, exchange.rawHeaders);
  const written = (): string => detailOf(act, head.request, cover, options.ownHeaders(target), sent);
  const detail = isLarge ? await account.heavy.run(account.key, written) : written();
  const decision = await session.judge(act, detail);
  if (decision.kind === "deny") {
    // What is left of a body is not read: the connection ends with the answer.
    if (body.kind === "stream" && !("stream" in request)) response.setHeader("connection", "close");
    send(response, denied(decision.denial));
    return;
  }
  const { permit } = decision;
  const { scope, headers } = permit.cover;
  // With a mask the representation is the gateway's to choose.
  const plain: Readonly<Record<string, string>> = scope.mask === undefined ? {} : REWRITABLE;
  const traced = traceHeaders(session.trace, permit, sent);
  await relay({
    exchange,
    session,
    permit,
    upstream: options.upstreamOf(target),
    method: act.method,
    target: act.target,
    headers: (own, framed) => headersUp(headers, own, { ...plain, ...framed, ...traced }),
    body: bodyFor(body, scope),
    answer: answerRules(scope, target),
    now: options.now,
  });
}

function bodyFor(body: HttpBody, scope: Compiled): PassageBody {
  return body.kind === "stream" ? { ...body, maxBytes: scope.body?.max ?? 0 } : body;
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
  length: number | undefined,
  head: JudgedHead,
  ended: AbortSignal,
): Promise<HttpBody | undefined> {
  const rule = bodyRuleOf(head);
  const max = rule?.max ?? 0;
  // Nobody grants one as large: the denial needs no more of it.
  if (length !== undefined && length > max) return { kind: "stream", length };
  const isWhole = rule === undefined || isJudgedWhole(exchange.rawHeaders, rule);
  if (exchange.expectsContinue) exchange.response.writeContinue();
  if (!isWhole && (length === undefined || length > READ_AHEAD_BYTES)) return { kind: "stream", length };
  const maxBytes = Math.min(max, MAX_JUDGED_BYTES);
  try {
    const bytes = await readWhole(exchange.request, maxBytes, exchange.account, ended);
    // One byte more than granted is enough to say so.
    if (bytes === undefined) return { kind: "stream", length: max + 1 };
    return bytes.length === 0 ? { kind: "none" } : { kind: "read", bytes };
  } catch (error) {
    if (error instanceof Busy) throw error;
    return undefined;
  }
}
