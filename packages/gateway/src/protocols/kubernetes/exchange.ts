import type { Gate, WebSession } from "../../gate/gate.ts";
import type { NamedScope } from "../../gate/protocol.ts";
import { type AnswerRules, REWRITABLE, withoutChoice } from "../../gate/web/proxy/response-filter.ts";
import type { WebRequest, WebExchange } from "../../gate/web/handler.ts";
import { send } from "../../gate/web/router.ts";
import { INLINE_BODY_BYTES, MAX_OBJECT_VALUES } from "../../gate/bounds.ts";
import { valuesOf } from "../../gate/web/request-head.ts";
import { hasMoreValues } from "../../kernel/json-values.ts";
import { Busy } from "../../gate/web/sessions/sharing.ts";
import { readWhole } from "../../gate/web/proxy/body.ts";
import { maskJson } from "../../gate/web/proxy/json-mask.ts";
import { sentTraceparent, traceHeaders } from "../../gate/web/proxy/trace-headers.ts";
import { relay } from "../../gate/web/proxy/relay.ts";
import type { Upstream } from "../../gate/web/proxy/upstream.ts";
import { type Body, type KubernetesAct, type KubernetesCover, letGo, readAct } from "./act.ts";
import { denied, refusedAnswer, status } from "./denials.ts";
import { detailOf } from "./detail.ts";
import { goesUp } from "./headers.ts";
import { type Named, resourceOf } from "./judge.ts";
import { grantsNamespace, grantsResource } from "./request/granted.ts";
import { maskOfRefusals, quotesObjects } from "./mask.ts";
import type { KubernetesTarget } from "./target.ts";
import { impersonation } from "./upstream.ts";
import { bodyTypeOf } from "./write/body.ts";
import { completing } from "./write/completing.ts";
import { withWrite } from "./write/with-write.ts";

/** What all exchanges share. */
export interface ExchangeOptions {
  /** The gateway's own URL, for challenges. */
  readonly url: string;
  readonly upstreamOf: (target: KubernetesTarget) => Upstream;
  /** Milliseconds, never stepping back. */
  readonly now: () => number;
}

/** The largest body, bytes: what the API server takes (Kubernetes: `MaxRequestBodyBytes`). */
const MAX_BODY_BYTES = 3_145_728;

/** Enters the gate for one request. */
export function enter(
  ask: WebRequest,
  socket: WebExchange["connectionOf"],
  gate: Gate<KubernetesAct, KubernetesCover>,
  request: KubernetesAct["request"],
): ReturnType<Gate<KubernetesAct, KubernetesCover>["enter"]> {
  return gate.enter({
    bearer: ask.bearer,
    shown: ask.shown,
    connection: ask.connection,
    client: ask.client,
    account: ask.account,
    socket,
    ...(ask.grant === undefined ? {} : { grant: ask.grant }),
    covers: (scopes) => coversHead(request, scopes),
  });
}

/** Whether a grant covers a request as far as its head tells: for choosing among several grants. */
function coversHead(request: KubernetesAct["request"], scopes: readonly NamedScope<never>[]): boolean {
  if ("why" in request || request.kind === "discovery") return true;
  return (scopes as readonly Named[]).some(({ scope }) => {
    if (request.verb === "connect")
      return request.subresource === "exec" ? scope.exec !== undefined : scope.port_forward !== undefined;
    return (
      scope.verbs?.includes(request.verb) === true &&
      (request.namespace === undefined ? scope.cluster : grantsNamespace(scope, request.namespace)) &&
      (grantsResource(scope, resourceOf(request), request.verb) ||
        scope.resources?.some((each) => each.split(/[./]/)[0] === request.resource) === true)
    );
  });
}

/** The request's headers as they go upstream: names and values in turn. */
export function headersUp(
  session: WebSession<KubernetesAct, KubernetesCover>,
  raw: readonly string[],
  own: Readonly<Record<string, string>>,
  more: Readonly<Record<string, string | undefined>>,
): string[] {
  const up: string[] = [];
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = (raw[i] ?? "").toLowerCase();
    if (goesUp(name) && !Object.hasOwn(own, name) && !Object.hasOwn(more, name))
      up.push(raw[i] ?? "", raw[i + 1] ?? "");
  }
  for (const [name, value] of Object.entries({ ...own, ...more }))
    if (value !== undefined) up.push(name, value);
  const holder = { ...session.holder, grant: session.grant };
  up.push(...impersonation(session.target as KubernetesTarget, holder));
  return up;
}

/** Answers one request: verified, judged, sent to the API server, and its answer brought down. */
export async function handleRequest(
  exchange: WebExchange,
  gate: Gate<KubernetesAct, KubernetesCover>,
  options: ExchangeOptions,
): Promise<void> {
  const { response } = exchange;
  const head = readAct({
    method: exchange.method,
    target: exchange.target,
    headers: exchange.rawHeaders,
    body: { kind: "none" },
  });
  const session = await enter(exchange, exchange.connectionOf, gate, head.request);
  if (session.kind === "refused") {
    send(response, refusedAnswer(session, options.url));
    return;
  }
  const body = await bodyOf(exchange, session.ended);
  if (body === undefined) return;
  if (body === "too large") {
    send(response, status(413, `the body is larger than ${MAX_BODY_BYTES} bytes`));
    return;
  }
  const act: KubernetesAct = { ...head, body };
  // What takes a while is done in its principal's turn: it is judged once it is that one's.
  if (body.kind === "read" && !(await takesTurn(exchange, body.bytes))) return;
  const tried: string[] = [];
  let conflict: string | undefined;
  do {
    // oxlint-disable-next-line no-await-in-loop -- the object changed meanwhile: it is judged again as it is now
    conflict = await serve(exchange, session, act, options, tried);
    if (conflict !== undefined) tried.push(conflict);
  } while (conflict !== undefined);
}

/** How many versions of an object a change is judged on, where somebody else changes it at the same time. */
const MAX_TRIES = 4;

/**
 * Judges an act and sends it.
 * @param tried the object's versions on which it met a conflict
 * @returns undefined when it was answered; the version of another conflict, whose answer was kept back
 */
async function serve(
  exchange: WebExchange,
  session: WebSession<KubernetesAct, KubernetesCover>,
  asked: KubernetesAct,
  options: ExchangeOptions,
  tried: readonly string[],
): Promise<string | undefined> {
  const upstream = options.upstreamOf(session.target as KubernetesTarget);
  const act = { ...(await withWrite(exchange, session, asked, upstream)) };
  try {
    return await judgeAndSend(exchange, session, act, options, tried);
  } finally {
    letGo(act);
  }
}

async function judgeAndSend(
  exchange: WebExchange,
  session: WebSession<KubernetesAct, KubernetesCover>,
  act: KubernetesAct,
  options: ExchangeOptions,
  tried: readonly string[],
): Promise<string | undefined> {
  const { response } = exchange;
  const target = session.target as KubernetesTarget;
  const decision = await session.judge(act, detailOf(act));
  if (decision.kind === "deny") {
    send(response, denied(decision.denial));
    return undefined;
  }
  const { permit } = decision;
  const write = permit.cover.kind === "resource" ? permit.cover.write : undefined;
  if (write?.isAssumed === true)
    throw new TypeError("a write of an object that was not asked for is never sent");
  const version = write?.repeats === true ? write.version : undefined;
  // A conflict on the same version again is another one, as with what somebody else manages.
  const mayRepeat = version !== undefined && !tried.includes(version) && tried.length < MAX_TRIES - 1;
  const rules = answerRules(permit.cover);
  // With a mask the representation is the gateway's to choose: no table, no CBOR, nothing that is encoded.
  const plain: Readonly<Record<string, string>> = rules.rewrite === undefined ? {} : REWRITABLE;
  const isJson = act.body.kind === "read" && bodyTypeOf(act) === "json";
  const type = write?.sent?.type ?? (isJson ? "application/json" : undefined);
  const typed: Readonly<Record<string, string>> = type === undefined ? {} : { "content-type": type };
  const traced = traceHeaders(session.trace, permit, sentTraceparent(session, act.headers));
  const headers = rules.rewrite === undefined ? act.headers : withoutChoice(act.headers);
  const answered = await relay({
    exchange,
    session: { cuts: session.cuts, ended: session.ended, complete: completing(session, write) },
    permit,
    upstream: options.upstreamOf(target),
    method: act.method,
    target: act.target,
    headers: (own, framing) =>
      headersUp(session, headers, own, { ...plain, ...typed, ...framing, ...traced }),
    body: write?.sent === undefined ? act.body : { kind: "read", bytes: write.sent.bytes },
    answer: rules,
    keepsBack: mayRepeat ? (status) => status === 409 : undefined,
    now: options.now,
  });
  return answered === "kept_back" ? version : undefined;
}

/** Waits for a large body's turn. @returns whether it may be judged; else it is answered */
async function takesTurn({ account, response }: WebExchange, bytes: Buffer): Promise<boolean> {
  if (bytes.length <= INLINE_BODY_BYTES) return true;
  if (hasMoreValues(bytes, MAX_OBJECT_VALUES)) {
    send(response, status(413, `the body holds more than ${MAX_OBJECT_VALUES} values`));
    return false;
  }
  await account.heavy.run(account.key, () => undefined);
  return true;
}

/** What of an answer comes down: secrets by their scope's mask. */
function answerRules(cover: KubernetesCover): AnswerRules {
  const rules = { cookies: [], drop: new Set<string>() };
  if (cover.kind !== "resource" || cover.mask === undefined) return rules;
  const { mask, scope, request, write } = cover;
  if (write === undefined) return { ...rules, rewrite: () => maskJson(mask, true) };
  // Warnings are words about the object too.
  const drop = new Set(["warning"]);
  const ofRefusals = maskOfRefusals(request.resource, scope.mask[request.resource] ?? []);
  const rewrite = (status: number) => maskJson(quotesObjects(status) ? ofRefusals : mask, true);
  return { ...rules, drop, rewrite };
}

async function bodyOf(exchange: WebExchange, ended: AbortSignal): Promise<Body | "too large" | undefined> {
  const { request, rawHeaders, response } = exchange;
  const [length] = valuesOf(rawHeaders, "content-length");
  const has =
    "stream" in request
      ? !request.stream.endAfterHeaders && length !== "0"
      : valuesOf(rawHeaders, "transfer-encoding").length > 0 || (length !== undefined && length !== "0");
  if (!has) return { kind: "none" };
  if (length !== undefined && Number(length) > MAX_BODY_BYTES) return "too large";
  if (exchange.expectsContinue) response.writeContinue();
  try {
    const bytes = await readWhole(request, MAX_BODY_BYTES, exchange.account, ended);
    if (bytes !== undefined) return { kind: "read", bytes };
    // A session that has ended denies whatever it is asked.
    return ended.aborted ? { kind: "none" } : "too large";
  } catch (error) {
    if (error instanceof Busy) throw error;
    return undefined;
  }
}
