import { randomBytes } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Loopback, LoopbackRequest, UpgradeResult } from "../../../gate/tools/loopback.ts";
import { encodeFrame } from "../../../gate/web/websocket/encode.ts";
import { createFrameReader, opcodes } from "../../../gate/web/websocket/frames.ts";

/** The largest frame that is read. */
const MAX_FRAME_BYTES = 4_194_304;
/** Channels of the streams protocol (Kubernetes: remotecommand, v4 and v5). */
const channels = { stdout: 1, stderr: 2, status: 3 } as const;

/** What a command wrote, and how it ended. */
export interface ExecResult {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  /** Left out when it was cut, or the cluster did not say. */
  readonly exitCode?: number;
  /** What the cluster says of an end that is no exit code. */
  readonly why?: string;
  /** Whether there was more output: the command was ended. */
  readonly cut: boolean;
}

/**
 * Runs one command without standard input and without a terminal: a WebSocket client of exec (Kubernetes:
 * remotecommand, v4 and v5).
 * @param ask its path is the exec of a pod with its parameters; its bytes bound the output
 * @returns the answer instead where the command did not start
 */
export function exec(
  loopback: Pick<Loopback, "upgrade">,
  ask: Pick<LoopbackRequest, "connection" | "grant" | "path" | "bytes">,
): Promise<UpgradeResult<ExecResult>> {
  const headers = {
    upgrade: "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": randomBytes(16).toString("base64"),
    "sec-websocket-protocol": "v5.channel.k8s.io, v4.channel.k8s.io",
  };
  return loopback.upgrade({ ...ask, headers }, ({ socket, head }) => follow(socket, head, ask.bytes));
}

/** Reads what the command writes until the cluster tells how it ended. */
async function follow(socket: Duplex, head: Buffer, maxBytes: number): Promise<ExecResult> {
  const read = createFrameReader({ from: "server", maxPayloadBytes: MAX_FRAME_BYTES });
  const output: Record<number, Buffer[]> = {
    [channels.stdout]: [],
    [channels.stderr]: [],
    [channels.status]: [],
  };
  let length = 0;
  let channel = -1;
  /** @returns whether it is over */
  const feed = (chunk: Buffer): boolean => {
    for (const { opcode, payload } of read(chunk)) {
      if (opcode === opcodes.ping) socket.write(encodeFrame(opcodes.pong, payload, randomBytes(4)));
      if (opcode === opcodes.close) return true;
      if (opcode !== opcodes.binary && opcode !== opcodes.continuation) continue;
      if (opcode === opcodes.binary) channel = payload[0] ?? -1;
      const data = opcode === opcodes.binary ? payload.subarray(1) : payload;
      length += data.length;
      output[channel]?.push(data);
      if (length > maxBytes) return true;
    }
    return false;
  };
  if (!feed(head)) for await (const chunk of socket as AsyncIterable<Buffer>) if (feed(chunk)) break;
  const of = (which: number): Buffer => Buffer.concat(output[which] ?? []).subarray(0, maxBytes);
  return {
    stdout: of(channels.stdout),
    stderr: of(channels.stderr),
    ...endOf(of(channels.status)),
    cut: length > maxBytes,
  };
}

/** How a command ended, from the cluster's Status (Kubernetes: remotecommand, `NonZeroExitCode`). */
function endOf(bytes: Buffer): Pick<ExecResult, "exitCode" | "why"> {
  if (bytes.length === 0) return {};
  try {
    const { status, reason, message, details } = JSON.parse(bytes.toString()) as {
      readonly status?: unknown;
      readonly reason?: unknown;
      readonly message?: unknown;
      readonly details?: {
        readonly causes?: readonly { readonly reason?: unknown; readonly message?: unknown }[];
      };
    };
    if (status === "Success") return { exitCode: 0 };
    const code = details?.causes?.find((cause) => cause.reason === "ExitCode")?.message;
    if (reason === "NonZeroExitCode" && /^\d{1,3}$/.test(String(code))) return { exitCode: Number(code) };
    return { why: String(message).slice(0, 1000) };
  } catch {
    return {};
  }
}
