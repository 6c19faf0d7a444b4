import type { Gate, Outcome } from "../../gate/gate.ts";
import type { Denial, NamedScope } from "../../gate/protocol.ts";
import { type LocalReply, problem, refusedAnswer } from "../../gate/web/problem.ts";
import type { WebExchange } from "../../gate/web/handler.ts";
import { isGone, send } from "../../gate/web/router.ts";
import { refuseForm } from "../../gate/web/mcp/form.ts";
import { INLINE_BODY_BYTES } from "../../gate/bounds.ts";
import { AnswerTooLarge } from "./upstream/reading/share.ts";
import { Busy } from "../../gate/web/sessions/sharing.ts";
import { cutWhileWaiting } from "../../gate/web/proxy/cut-waiting.ts";
import { readWhole } from "../../gate/web/proxy/body.ts";
import { answer, denied, failure } from "./answers/answers.ts";
import { compileScopes } from "./compile.ts";
import { detailOf } from "./detail.ts";
import { judgeAhead } from "./judge-ahead.ts";
import type { McpAct, McpCover } from "./act.ts";
import { coversCall } from "./judge.ts";
import { type ClientMessage, readMessage } from "../../gate/web/mcp/message.ts";
import type { McpScope } from "./scope.ts";
import { serve } from "./serve.ts";
import type { McpUpstream } from "./upstream/connect.ts";
import { RequestError, ServerError } from "./upstream/messages.ts";
import type { Upstreams } from "./upstream/upstreams.ts";

/** What all exchanges share. */
export interface ExchangeOptions {
  /** The gateway's own URL, for challenges. */
  readonly url: string;
  readonly upstreams: Upstreams;
  /** Milliseconds, never stepping back. */
  readonly now: () => number;
}

/** The largest message, bytes. */
const MAX_MESSAGE_BYTES = 1_048_576;

/** A message that is read once its sender is known. */
interface Read {
  bytes: Buffer | "gone" | undefined;
  message: ReturnType<typeof readMessage>;
}

/** Answers one message: verified, judged, and answered with what is granted. */
export async function handleRequest(
  exchange: WebExchange,
  gate: Gate<McpAct, McpCover>,
  options: ExchangeOptions,
): Promise<void> {
  const { response } = exchange;
  const close = (made: LocalReply): void => send(response, made);
  const wrong = await refuseForm(exchange, options.url);
  if (wrong !== undefined) return close(wrong);
  if (exchange.target !== "")
    return close(
      problem({ status: 404, code: "not_found", detail: "the server is at /mcp/CONNECTION itself" }),
    );
  const read: Read = { bytes: undefined, message: { code: -32_700, why: "there is no message" } };
  const session = await gate.enter({
    bearer: exchange.bearer,
    shown: exchange.shown,
    connection: exchange.connection,
    client: exchange.client,
    socket: exchange.connectionOf,
    account: exchange.account,
    ...(exchange.grant === undefined ? {} : { grant: exchange.grant }),
    async prepare() {
      if (exchange.expectsContinue) response.writeContinue();
      read.bytes = await readWhole(exchange.request, MAX_MESSAGE_BYTES, exchange.account).catch(
        (error: unknown) => {
          if (error instanceof Busy) throw error;
          return "gone" as const;
        },
      );
      const { bytes } = read;
      if (!(bytes instanceof Buffer)) return;
      const { account } = exchange;
      read.message =
        bytes.length <= INLINE_BODY_BYTES
          ? readMessage(bytes)
          : await account.heavy.run(account.key, () => readMessage(bytes));
    },
    covers: (scopes) => "kind" in read.message && coversCall(compileScopes(scopes), read.message),
  });
  if (session.kind === "refused") return close(refusedAnswer(session, options.url));
  const { bytes, message } = read;
  if (bytes === "gone") return undefined;
  if (bytes === undefined)
    return close(failure(413, null, -32_600, `a message is larger than ${MAX_MESSAGE_BYTES} bytes`));
  if (!("kind" in message)) return close(failure(400, null, message.code, message.why));
  const { account } = exchange;
  const scopes = compileScopes(session.scopes as readonly NamedScope<McpScope>[]);
  const act = await judgeAhead({ message }, bytes, scopes, account, session.ended);
  const detail =
    bytes.length <= INLINE_BODY_BYTES
      ? detailOf(act)
      : await account.heavy.run(account.key, () => detailOf(act));
  const decision = await session.judge(act, detail);
  if (decision.kind === "deny") return close(deniedAnswer(message, decision.denial));
  const { permit } = decision;
  const started = options.now();
  const complete = (outcome: Outcome): void =>
    session.complete(permit, { ...outcome, milliseconds: Math.round(options.now() - started) });
  if (message.kind === "notification") {
    // About the client's own session with the gateway: the upstream has one of its own.
    complete({});
    return close(answer(202, undefined));
  }
  let used: McpUpstream | undefined;
  try {
    account.use("mcpCalls", exchange.connection);
    const { connection } = exchange;
    const made = await untilGone(session.ended, response, (ended) =>
      serve({
        session,
        permit,
        connection,
        message,
        async upstream() {
          used = await orAborted(options.upstreams.of(session, account), ended);
          return used;
        },
        account,
        ended,
      }),
    );
    // It may have come before the end, and been made into an answer after it.
    session.ended.throwIfAborted();
    complete({ bytes: made.body.length });
    close(made);
    return cutWhileWaiting(session, response);
  } catch (error) {
    if (error instanceof Busy) {
      complete({ error: "busy" });
      return close(failure(200, message.id, -32_603, `${error.message}; wait until some of them have ended`));
    }
    if (error instanceof AnswerTooLarge) {
      complete({ error: "answer_too_large" });
      return close(failure(200, message.id, -32_603, `${error.message}; ask for less`));
    }
    const ended = session.ended.aborted || isGone(response);
    const own = error instanceof ServerError ? error.code : undefined;
    if (!ended && used !== undefined && isOver(error)) options.upstreams.drop(session, used);
    complete({ error: ended ? "grant_ended" : own === undefined ? "upstream_failed" : `rpc_${own}` });
    const why = ended
      ? "the grant ended while the request was under way; ask again: mayfly request"
      : own === undefined
        ? "the server gave no answer; try again, the operator sees the connection's health"
        : `the server refused the request (${own})`;
    return close(failure(200, message.id, own ?? -32_603, why));
  }
}

/** A notification has no id to answer to (MCP, "Sending Messages to the Server"): it is refused over HTTP. */
function deniedAnswer(message: ClientMessage, denial: Denial): LocalReply {
  if (message.kind !== "notification") return denied(message.id, message.method, denial);
  const { message: detail, hint, rule, remedy } = denial;
  return problem({ status: 403, code: "denied", detail, hint, rule, remedy });
}

/** Whether an error says that the connection to the server is of no use any more. */
function isOver(error: unknown): boolean {
  return !(error instanceof ServerError || error instanceof RequestError);
}

/** Waits for something, but no longer than until a signal aborts. */
function orAborted<Made>(making: Promise<Made>, signal: AbortSignal): Promise<Made> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const aborted = (): void => reject(signal.reason);
    signal.addEventListener("abort", aborted);
    void making.then(resolve, reject).finally(() => signal.removeEventListener("abort", aborted));
  });
}

/** Does something with a signal that aborts when the session ends, or its client goes, before that is done. */
async function untilGone<Made>(
  ended: AbortSignal,
  response: WebExchange["response"],
  work: (ended: AbortSignal) => Promise<Made>,
): Promise<Made> {
  const either = new AbortController();
  const over = (): void => either.abort(ended.reason);
  const gone = (): void => either.abort(new Error("the client has gone"));
  if (ended.aborted) over();
  ended.addEventListener("abort", over);
  response.once("close", gone);
  try {
    return await work(either.signal);
  } finally {
    ended.removeEventListener("abort", over);
    response.removeListener("close", gone);
  }
}
