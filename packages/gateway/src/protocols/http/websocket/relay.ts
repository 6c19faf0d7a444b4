import { endOf, type Gate, type Outcome } from "../../../gate/gate.ts";
import type { NamedScope } from "../../../gate/protocol.ts";
import { denied, problem, refusedAnswer, type LocalReply } from "../../../gate/web/problem.ts";
import type { WebUpgrade } from "../../../gate/web/handler.ts";
import { refuseUpgrade } from "../../../gate/web/router.ts";
import { valuesOf } from "../../../gate/web/request-head.ts";
import { valuesIn } from "../../../gate/web/http1/dispatch.ts";
import { openUpgrade } from "../../../gate/web/proxy/upgrade.ts";
import { type Follower, spliceStreams } from "../../../gate/web/proxy/splice-streams.ts";
import { encodeClose, POLICY_VIOLATION } from "../../../gate/web/websocket/encode.ts";
import { createFrameScanner } from "../../../gate/web/websocket/frames.ts";
import { acceptOf, isAccepted, switchingHead } from "../../../gate/web/websocket/handshake.ts";
import { sentTraceparent, traceHeaders } from "../../../gate/web/proxy/trace-headers.ts";
import { codeOf, Cut } from "../../../gate/web/proxy/relay.ts";
import type { HttpAct, HttpCover } from "../act.ts";
import { detailOf } from "../detail.ts";
import { actOf, coversHead, type ExchangeOptions } from "../exchange.ts";
import { headersUp } from "../request/headers-up.ts";
import { prepare } from "../judge.ts";
import { judgeHead } from "../judge-head.ts";
import type { HttpScope } from "../scope.ts";
import type { HttpTarget } from "../target.ts";

/** Answers a request to become a WebSocket: judged as a request, then relayed frame by frame, unread. */
export async function handleUpgrade(
  upgrade: WebUpgrade,
  gate: Gate<HttpAct, HttpCover>,
  options: ExchangeOptions,
): Promise<void> {
  const { socket, rawHeaders } = upgrade;
  const refuse = (answer: LocalReply): void => refuseUpgrade(socket, answer);
  const session = await gate.enter({
    bearer: upgrade.bearer,
    shown: upgrade.shown,
    connection: upgrade.connection,
    client: upgrade.client,
    account: upgrade.account,
    socket,
    ...(upgrade.grant === undefined ? {} : { grant: upgrade.grant }),
    covers: coversHead(upgrade, false, options.scopes),
  });
  if (session.kind === "refused") return refuse(refusedAnswer(session, options.url));
  upgrade.account.use("upstream", upgrade.connection);
  const protocol = valuesOf(rawHeaders, "upgrade")[0]?.toLowerCase() ?? "";
  const framed = valuesOf(rawHeaders, "content-length").some((each) => each !== "0");
  const chunked = valuesOf(rawHeaders, "transfer-encoding").length > 0;
  const body =
    framed || chunked ? ({ kind: "stream", length: undefined } as const) : ({ kind: "none" } as const);
  const asked = actOf(upgrade, body, protocol);
  const head = judgeHead(options.scopes.of(session.scopes as readonly NamedScope<HttpScope>[]), asked);
  const act = prepare(head, asked);
  const { verdict } = act.prepared;
  const cover = verdict.kind === "permit" ? verdict.cover : undefined;
  const target = session.target as HttpTarget;
  const sent = sentTraceparent(session, rawHeaders);
  const detail = detailOf(act, head.request, cover, options.ownHeaders(target), sent);
  const decision = await session.judge(act, detail);
  if (decision.kind === "deny") return refuse(denied(decision.denial));
  const { permit } = decision;
  const started = options.now();
  const complete = (outcome: Outcome): void =>
    session.complete(permit, { ...outcome, milliseconds: Math.round(options.now() - started) });
  const upstream = options.upstreamOf(target);
  try {
    const own = await upstream.credentials.headers();
    const [key = ""] = valuesOf(rawHeaders, "sec-websocket-key");
    const headers = headersUp(permit.cover.headers, own, traceHeaders(session.trace, permit, sent));
    const ask = { method: "GET", target: act.target, headers, upgrade: "websocket" } as const;
    const opened = await openUpgrade(upstream, permit, ask, session.ended);
    if (!isAccepted(opened.headers, key)) {
      opened.socket.destroy();
      throw new Cut("upgrade_malformed");
    }
    const [chosen, ...others] = valuesIn(opened.headers, "sec-websocket-protocol");
    socket.write(
      switchingHead("websocket", {
        "Sec-WebSocket-Accept": acceptOf(key),
        ...(chosen !== undefined && others.length === 0 && /^[\x21-\x7e]+$/.test(chosen)
          ? { "Sec-WebSocket-Protocol": chosen }
          : {}),
      }),
    );
    if (upgrade.head.length > 0) socket.unshift(upgrade.head);
    const up = followUnread("client");
    const down = followUnread("server");
    const code = await spliceStreams({
      client: socket,
      upstream: opened.socket,
      up,
      down,
      ended: session.ended,
      // In the middle of a frame nothing can be said.
      lastWords: (why) =>
        why === "grant_ended" && down.isBetween
          ? encodeClose(POLICY_VIOLATION, endOf(session.ended)?.words ?? "")
          : undefined,
    });
    complete({
      status: 101,
      bytes: down.bytes,
      more: { sent_bytes: up.bytes },
      ...(code === undefined ? {} : { error: code }),
    });
  } catch (error) {
    const code = codeOf(error);
    complete({ error: code });
    refuse(
      problem({
        status: 502,
        code: "upstream_failed",
        detail: `the API did not become a WebSocket (${code})`,
        hint: "try again; the operator sees the connection's health",
      }),
    );
  }
}

/** Follows one direction of a WebSocket whose messages are nobody's to read here: its frames alone have to be ones. */
function followUnread(
  from: "client" | "server",
): Follower & { readonly bytes: number; readonly isBetween: boolean } {
  const scanner = createFrameScanner({ from });
  let bytes = 0;
  return {
    feed(chunk) {
      scanner.scan(chunk);
      bytes += chunk.length;
      return [chunk];
    },
    get bytes() {
      return bytes;
    },
    get isBetween() {
      return scanner.isBetween;
    },
  };
}
