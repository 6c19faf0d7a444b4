import type { Gate, Outcome, WebSession } from "../../../gate/gate.ts";
import type { WebUpgrade } from "../../../gate/web/handler.ts";
import { refuseUpgrade } from "../../../gate/web/router.ts";
import { sentTraceparent, traceHeaders } from "../../../gate/web/proxy/trace-headers.ts";
import { valuesOf } from "../../../gate/web/request-head.ts";
import { NotUpgraded, openUpgrade } from "../../../gate/web/proxy/upgrade.ts";
import type { LocalReply } from "../../../gate/web/problem.ts";
import { codeOf, Cut } from "../../../gate/web/proxy/relay.ts";
import type { Upstream } from "../../../gate/web/proxy/upstream.ts";
import {
  type ExecCover,
  type KubernetesAct,
  type KubernetesCover,
  type PodFacts,
  type PortForwardCover,
  readAct,
} from "../act.ts";
import { clusterStatus, denied, refusedAnswer, status } from "../denials.ts";
import { detailOf } from "../detail.ts";
import { enter, type ExchangeOptions, headersUp } from "../exchange.ts";
import { judgePod } from "../request/exec.ts";
import { execOverSpdy, execOverWebSocket } from "./exec.ts";
import { forwardOverSpdy, type JudgePort } from "./forward.ts";
import { readHandshake } from "./handshake.ts";
import { spliceStreams } from "../../../gate/web/proxy/splice-streams.ts";
import type { Named } from "../judge.ts";
import { lookUpPod } from "../request/pods.ts";
import { createRecorder } from "./recording.ts";
import { wordsOf } from "./cut-words.ts";
import { exitCodeOf, type Streams, tunnelled } from "./streams.ts";
import type { KubernetesTarget } from "../target.ts";

/** What upgrades need beyond exchanges. */
export interface UpgradeOptions extends ExchangeOptions {
  /** Milliseconds since the epoch. */
  readonly wall: () => number;
}

/** A stream with what its outcome tells at its end. */
interface Prepared {
  readonly streams: Streams;
  outcome(): Outcome;
}

/** Which pod a request enters, where it is one of those that are granted anywhere. */
function entered(
  request: KubernetesAct["request"],
  scopes: readonly Named[],
): { readonly namespace: string; readonly name: string } | undefined {
  if ("why" in request || request.kind === "discovery" || request.verb !== "connect") return undefined;
  const { namespace, name, resource } = request;
  if (resource !== "pods" || namespace === undefined || name === undefined) return undefined;
  const isGranted = scopes.some(
    ({ scope: { exec, port_forward: forward } }) =>
      exec?.namespaces.includes(namespace) === true || forward?.namespaces.includes(namespace) === true,
  );
  return isGranted ? { namespace, name } : undefined;
}

/**
 * Answers a request to enter a pod: judged from its URL and from what the cluster says of the pod, recorded, and only
 * then asked of the cluster. What passes is followed frame by frame.
 */
export async function handleUpgrade(
  upgrade: WebUpgrade,
  gate: Gate<KubernetesAct, KubernetesCover>,
  options: UpgradeOptions,
): Promise<void> {
  const { socket, rawHeaders } = upgrade;
  const refuse = (answer: LocalReply): void => refuseUpgrade(socket, answer);
  const isFramed =
    valuesOf(rawHeaders, "transfer-encoding").length > 0 ||
    valuesOf(rawHeaders, "content-length").some((each) => each !== "0");
  const asked = readAct({
    method: upgrade.method,
    target: upgrade.target,
    headers: rawHeaders,
    body: isFramed ? { kind: "read", bytes: Buffer.alloc(0) } : { kind: "none" },
    upgrade: valuesOf(rawHeaders, "upgrade")[0]?.toLowerCase() ?? "",
  });
  const session = await enter(upgrade, socket, gate, asked.request);
  if (session.kind === "refused") return refuse(refusedAnswer(session, options.url));
  upgrade.account.use("upstream", upgrade.connection);
  const upstream = options.upstreamOf(session.target as KubernetesTarget);
  const where = entered(asked.request, session.scopes as readonly Named[]);
  let pod: PodFacts | undefined;
  if (where !== undefined) {
    try {
      pod = await lookUpPod(upstream, where.namespace, where.name);
    } catch (error) {
      // Judged all the same, so that it is recorded; without the pod nothing is permitted by its labels.
      pod = undefined;
      if (session.ended.aborted) throw error;
    }
  }
  const act: KubernetesAct = pod === undefined ? asked : { ...asked, pod };
  const decision = await session.judge(act, detailOf(act));
  if (decision.kind === "deny") return refuse(denied(decision.denial));
  const { permit } = decision;
  const { cover } = permit;
  const started = options.now();
  let isComplete = false;
  const complete = (outcome: Outcome): void => {
    if (isComplete) return;
    isComplete = true;
    session.complete(permit, { ...outcome, milliseconds: Math.round(options.now() - started) });
  };
  let opened: Awaited<ReturnType<typeof openUpgrade>> | undefined;
  try {
    // The judge permits streams of resources alone.
    if (cover.kind !== "exec" && cover.kind !== "port_forward") throw new Cut("request_malformed");
    if (pod === undefined || where === undefined) throw new Cut("pod_unknown");
    const handshake = readHandshake(upgrade, cover.kind);
    if ("why" in handshake) {
      complete({ error: "handshake_malformed" });
      return refuse(status(400, handshake.why));
    }
    const own = await upstream.credentials.headers();
    const traced = traceHeaders(session.trace, permit, sentTraceparent(session, rawHeaders));
    const headers = headersUp(session, rawHeaders, own, { ...handshake.headers, ...traced });
    if (session.ended.aborted) throw new Cut("grant_ended");
    opened = await openUpgrade(
      upstream,
      permit,
      { method: handshake.method, target: act.target, headers, upgrade: handshake.upgrade },
      session.ended,
    );
    const protocol = handshake.chosen(opened);
    await sameStill(upstream, where, cover, pod);
    const prepared =
      cover.kind === "exec"
        ? prepareExec(session, cover, protocol, handshake.upgrade, options)
        : prepareForward(session, act, handshake.upgrade, options);
    socket.write(handshake.answer(protocol));
    if (upgrade.head.length > 0) socket.unshift(upgrade.head);
    const { streams } = prepared;
    const code = await spliceStreams({
      client: socket,
      upstream: opened.socket,
      up: streams.up,
      down: streams.down,
      ended: session.ended,
      lastWords: (why) => streams.closing(`Mayfly: ${wordsOf(why, session.ended)}`),
    });
    streams.close();
    const outcome = prepared.outcome();
    complete(code === undefined ? outcome : { ...outcome, error: code });
  } catch (error) {
    opened?.socket.destroy();
    const code = codeOf(error);
    complete({ error: code, ...(error instanceof NotUpgraded ? { status: error.status } : {}) });
    if (socket.writableLength > 0 || isAnswered(socket)) socket.destroy();
    else refuse(failed(error, code, session));
  }
}

/** Whether something went to the client already: an answer would stand amid a stream. */
function isAnswered(socket: WebUpgrade["socket"]): boolean {
  return socket.destroyed || socket.writableEnded;
}

/**
 * Makes sure that the pod that was entered is the pod that was judged, and one that the scope covers still.
 * @throws Cut `pod_changed`
 */
async function sameStill(
  upstream: Upstream,
  where: { readonly namespace: string; readonly name: string },
  { pods, request }: ExecCover | PortForwardCover,
  before: PodFacts,
): Promise<void> {
  const now = await lookUpPod(upstream, where.namespace, where.name);
  if (now?.uid !== before.uid || judgePod(pods, request, now) !== undefined) throw new Cut("pod_changed");
}

function prepareExec(
  session: WebSession<KubernetesAct, KubernetesCover>,
  { exec }: ExecCover,
  protocol: string,
  upgrade: "websocket" | "SPDY/3.1",
  options: UpgradeOptions,
): Prepared {
  const recorder = createRecorder({
    payload: (bytes) => session.payload(bytes),
    goesOn: () => session.goesOn(),
    now: options.now,
    startedAt: options.wall(),
    argv: exec.argv,
  });
  let [received, sent, result] = [0, 0, ""];
  const observer = {
    output(bytes: Buffer, source: string): void {
      received += bytes.length;
      recorder.output(bytes, source);
    },
    input(bytes: Buffer): void {
      sent += bytes.length;
      recorder.input(bytes);
    },
    size: (columns: number, rows: number): void => recorder.size(columns, rows),
    result(bytes: Buffer): void {
      if (result.length < 65_536) result += bytes.toString("utf8");
    },
  };
  const streams =
    upgrade === "websocket"
      ? execOverWebSocket(exec, protocol === "v5.channel.k8s.io" ? "v5" : "v4", observer)
      : execOverSpdy(exec, observer);
  return {
    streams,
    outcome() {
      const exit = exitCodeOf(result);
      const common = { bytes: received, ...(exit === undefined ? {} : { status: exit }) };
      try {
        return { ...common, more: { sent_bytes: sent, recording: recorder.end() } };
      } catch {
        // The log takes nothing now; the outcome says so, should it be taken.
        return { ...common, error: "recording_incomplete", more: { sent_bytes: sent } };
      }
    },
  };
}

function prepareForward(
  session: WebSession<KubernetesAct, KubernetesCover>,
  act: KubernetesAct,
  upgrade: "websocket" | "SPDY/3.1",
  options: UpgradeOptions,
): Prepared {
  let [connections, received, sent] = [0, 0, 0];
  const judgePort: JudgePort = async (port) => {
    const one: KubernetesAct = { ...act, port };
    const started = options.now();
    const decision = await session.judge(one, detailOf(one));
    if (decision.kind === "deny") return { why: decision.denial.message };
    connections += 1;
    return {
      permit: decision.permit,
      done(bytes) {
        received += bytes.received;
        sent += bytes.sent;
        session.complete(decision.permit, {
          bytes: bytes.received,
          milliseconds: Math.round(options.now() - started),
          more: { sent_bytes: bytes.sent },
        });
      },
    };
  };
  const spdy = forwardOverSpdy(judgePort);
  return {
    streams: upgrade === "websocket" ? tunnelled(spdy) : spdy,
    outcome: () => ({ bytes: received, more: { connections, sent_bytes: sent } }),
  };
}

function failed(
  error: unknown,
  code: string,
  session: WebSession<KubernetesAct, KubernetesCover>,
): LocalReply {
  if (code === "grant_ended" || session.ended.aborted)
    return status(403, "the grant ended while the stream was opened");
  if (code === "pod_unknown")
    return status(404, "the cluster knows no such pod, or could not be asked about it; nothing was entered");
  if (code === "pod_changed")
    return status(409, "the pod is no longer the one that was checked; the stream was closed");
  if (error instanceof NotUpgraded && error.status >= 400) {
    // The cluster's own refusal: no such container, not running, not allowed.
    const said = messageIn(error.body);
    return said === undefined
      ? status(error.status, `the cluster answered ${error.status}`)
      : clusterStatus(error.status, said);
  }
  return status(502, `the cluster did not open the stream (${code})`);
}

function messageIn(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === "string" ? message.slice(0, 2000) : undefined;
  } catch {
    return undefined;
  }
}
