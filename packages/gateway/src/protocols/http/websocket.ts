import type { Duplex } from "node:stream";
import type { Gate, Outcome, SessionEnd } from "../../gate/gate.ts";
import { denied, problem, refusedAnswer, type Answer } from "../../gate/web/answers.ts";
import type { WebUpgrade } from "../../gate/web/door.ts";
import { refuseUpgrade } from "../../gate/web/front.ts";
import { valuesOf } from "../../gate/web/head.ts";
import { acceptOf, openUpgrade } from "../../gate/web/opening.ts";
import { codeOf, Cut } from "../../gate/web/relay.ts";
import { MAX_TURN_BYTES } from "../../gate/bounds.ts";
import type { HttpAct } from "./act.ts";
import { detailOf } from "./detail.ts";
import { actOf, coversHead, type ExchangeOptions, ownHeaders, scopesOf } from "./exchange.ts";
import { closeFrame, followFrames } from "./frames.ts";
import { headersUp } from "./headers-up.ts";
import { judgeRequest } from "./judge.ts";
import type { HttpTarget } from "./target.ts";

/** How long a client may take to read why it was cut, milliseconds. */
const farewell = 1000;

/** Answers a request to become a WebSocket: judged as a request, then relayed frame by frame, unread. */
export async function upgradeOne(
  upgrade: WebUpgrade,
  gate: Gate<HttpAct>,
  options: ExchangeOptions,
): Promise<void> {
  const { socket, rawHeaders } = upgrade;
  const refuse = (answer: Answer): void => refuseUpgrade(socket, answer);
  const session = await gate.enter({
    bearer: upgrade.bearer,
    connection: upgrade.connection,
    client: upgrade.client,
    account: upgrade.account,
    socket,
    ...(upgrade.grant === undefined ? {} : { grant: upgrade.grant }),
    covers: coversHead(upgrade, false),
  });
  if ("refused" in session) return refuse(refusedAnswer(session, options.url));
  upgrade.account.use("upstream", upgrade.connection);
  const asked = valuesOf(rawHeaders, "upgrade")[0]?.toLowerCase() ?? "";
  const framed = valuesOf(rawHeaders, "content-length").some((each) => each !== "0");
  const chunked = valuesOf(rawHeaders, "transfer-encoding").length > 0;
  const body =
    framed || chunked ? ({ kind: "stream", length: undefined } as const) : ({ kind: "none" } as const);
  const act = actOf(upgrade, body, asked);
  const scopes = scopesOf(session);
  const answer = judgeRequest(scopes, act);
  const listed = "scope" in answer ? answer.scope.headers : [];
  const target = session.target as HttpTarget;
  const decision = await session.judge(act, detailOf(act, listed, ownHeaders(target)));
  if ("denial" in decision) return refuse(denied(decision.denial));
  const { permit } = decision;
  const started = options.now();
  const complete = (outcome: Outcome): void =>
    session.complete(permit, { ...outcome, milliseconds: Math.round(options.now() - started) });
  const scope = scopes.find(({ name }) => name === permit.operation);
  const upstream = options.upstreamOf(target);
  try {
    const own = await upstream.credentials.headers();
    const [key = ""] = valuesOf(rawHeaders, "sec-websocket-key");
    // Extensions would change what a frame's bits mean; the relay follows plain frames.
    const headers = headersUp(dropped(rawHeaders, "sec-websocket-extensions"), scope?.headers ?? [], own, {});
    permit.spend();
    const ask = { method: "GET", target: act.target, headers, upgrade: "websocket" } as const;
    const opened = await openUpgrade(upstream, ask, session.ended);
    if (opened.headers["sec-websocket-accept"] !== acceptOf(key)) {
      opened.socket.destroy();
      throw new Cut("upgrade_malformed");
    }
    const protocol = opened.headers["sec-websocket-protocol"];
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptOf(key)}\r\n${
        typeof protocol === "string" && /^[\x21-\x7e]+$/.test(protocol)
          ? `Sec-WebSocket-Protocol: ${protocol}\r\n`
          : ""
      }\r\n`,
    );
    const outcome = await join(socket, upgrade.head, opened.socket, session.ended);
    complete({ status: 101, ...outcome });
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

/** Headers without one of them. */
function dropped(raw: readonly string[], name: string): string[] {
  return raw.filter((_, at) => raw[at - (at % 2)]?.toLowerCase() !== name);
}

/** Joins the two sides until one goes or the grant ends. */
function join(client: Duplex, head: Buffer, upstream: Duplex, ended: AbortSignal): Promise<Outcome> {
  return new Promise((resolve) => {
    const down = followFrames();
    const up = followFrames();
    let [received, sent] = [0, 0];
    let over = false;
    const finish = (error?: string): void => {
      if (over) return;
      over = true;
      ended.removeEventListener("abort", cut);
      upstream.destroy();
      const goodbye = error === "grant_ended" && down.between;
      if (goodbye) client.end(closeFrame((ended.reason as SessionEnd).reason));
      else client.end();
      const timer = setTimeout(() => client.destroy(), farewell);
      timer.unref();
      client.once("close", () => clearTimeout(timer));
      client.resume();
      resolve({
        bytes: received,
        more: { sent_bytes: sent },
        ...(error === undefined ? {} : { error }),
      });
    };
    const cut = (): void => finish("grant_ended");
    const relayTo = (
      to: Duplex,
      from: Duplex,
      follower: ReturnType<typeof followFrames>,
      count: (n: number) => void,
    ) => {
      let inTurn = 0;
      let isFull = false;
      let isTurnOver = true;
      const goOn = (): void => {
        if (isTurnOver && !isFull && !over) from.resume();
      };
      return (chunk: Buffer): void => {
        if (over) return;
        if (!follower.take(chunk)) {
          finish("frames_malformed");
          return;
        }
        count(chunk.length);
        if (inTurn === 0)
          setImmediate(() => {
            inTurn = 0;
            isTurnOver = true;
            goOn();
          });
        inTurn += chunk.length;
        // Small frames cost as much as large ones: one connection has its part of a turn of the loop, and no more.
        if (inTurn >= MAX_TURN_BYTES) {
          isTurnOver = false;
          from.pause();
        }
        if (to.write(chunk)) return;
        isFull = true;
        from.pause();
        to.once("drain", () => {
          isFull = false;
          goOn();
        });
      };
    };
    const toClient = relayTo(client, upstream, down, (n) => (received += n));
    const toUpstream = relayTo(upstream, client, up, (n) => (sent += n));
    for (const side of [client, upstream]) {
      side.on("error", () => finish(side === client ? "client_gone" : "upstream_failed"));
      side.once("close", () => finish());
      side.once("end", () => finish());
    }
    upstream.on("data", toClient);
    client.on("data", toUpstream);
    if (head.length > 0) toUpstream(head);
    if (ended.aborted) cut();
    else ended.addEventListener("abort", cut, { once: true });
  });
}
