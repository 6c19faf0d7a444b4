import { randomBytes } from "node:crypto";
import type { Follower } from "../../../gate/web/proxy/splice-streams.ts";
import { Cut } from "../../../gate/web/proxy/relay.ts";
import { encodeClose, encodeFrame, POLICY_VIOLATION } from "../../../gate/web/websocket/encode.ts";
import { createFrameReader, opcodes } from "../../../gate/web/websocket/frames.ts";

/** A stream under way: what may pass, each way, whole frames only, and how its client is told of its end. */
export interface Streams {
  /** From the client. */
  readonly up: Follower;
  /** From the cluster. */
  readonly down: Follower;
  /** What tells the client, between two frames, that it is over and why. */
  closing(why: string): Buffer;
  /** Frees what it holds. */
  close(): void;
}

/** Told of a stream while it passes. */
export interface StreamObserver {
  output(bytes: Buffer, source: string): void;
  input(bytes: Buffer): void;
  size(columns: number, rows: number): void;
  /** A part of the Status by which the server says how the command ended. */
  result(bytes: Buffer): void;
}

/** The largest data of a frame, bytes: clients and kubelets send 32 KiB. */
export const MAX_DATA_BYTES = 1_048_576;

/** A Status by which a command fails (Kubernetes: metav1.Status), as kubectl prints it. */
export function failure(message: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      kind: "Status",
      apiVersion: "v1",
      metadata: {},
      status: "Failure",
      message,
      reason: "Forbidden",
      code: 403,
    }),
  );
}

/** The exit code that a server's Status tells: undefined when it tells none. */
export function exitCodeOf(text: string): number | undefined {
  let status: { status?: unknown; reason?: unknown; details?: { causes?: unknown } } | null;
  try {
    status = JSON.parse(text) as typeof status;
  } catch {
    return undefined;
  }
  if (status?.status === "Success") return 0;
  const causes: unknown = status?.details?.causes;
  if (status?.reason !== "NonZeroExitCode" || !Array.isArray(causes)) return undefined;
  for (const cause of causes as { reason?: unknown; message?: unknown }[])
    if (cause.reason === "ExitCode" && typeof cause.message === "string" && /^\d{1,3}$/.test(cause.message))
      return Number(cause.message);
  return undefined;
}

/** A terminal's size as clients tell it; undefined when it is none. */
export function sizeOf(text: string): { readonly columns: number; readonly rows: number } | undefined {
  try {
    const { Width, Height } = JSON.parse(text) as { Width?: unknown; Height?: unknown };
    const isSize = (value: unknown): value is number =>
      typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= 65_535;
    return isSize(Width) && isSize(Height) ? { columns: Width, rows: Height } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Carries a stream of bytes in the binary messages of a WebSocket: SPDY, tunnelled (Kubernetes: KEP-4006). The
 * messages' borders mean nothing, so what has been judged is framed anew.
 */
export function tunnelled(inner: Streams): Streams {
  const side = (from: Follower, sender: "client" | "server"): Follower => {
    const read = createFrameReader({ from: sender, maxPayloadBytes: MAX_DATA_BYTES });
    const framed = (opcode: number, payload: Buffer): Buffer =>
      encodeFrame(opcode, payload, sender === "client" ? randomBytes(4) : undefined);
    return {
      async feed(chunk) {
        const out: Buffer[] = [];
        for (const { opcode, payload } of read(chunk)) {
          if (opcode === opcodes.text) throw new Cut("frames_malformed");
          if (opcode >= opcodes.close) out.push(framed(opcode, payload));
          // In order: each part builds on those before it.
          // oxlint-disable-next-line no-await-in-loop
          else for (const raw of await from.feed(payload)) out.push(framed(opcodes.binary, raw));
        }
        return out;
      },
    };
  };
  return {
    up: side(inner.up, "client"),
    down: side(inner.down, "server"),
    closing: (why) =>
      Buffer.concat([encodeFrame(opcodes.binary, inner.closing(why)), encodeClose(POLICY_VIOLATION, why)]),
    close: () => inner.close(),
  };
}
