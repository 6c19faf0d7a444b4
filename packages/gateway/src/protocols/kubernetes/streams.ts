import { randomBytes } from "node:crypto";
import { Cut } from "../../gate/web/relay.ts";
import { createFrameReader, encodeClose, encodeFrame, opcodes } from "./websocket.ts";

/** Follows one direction of a stream: bytes in, the bytes that may go on out, whole frames only. */
export interface Follower {
  /** Calls must not overlap. @throws Cut when what came may not go on */
  take(chunk: Buffer): Promise<readonly Buffer[]>;
}

/** A stream under way: what may pass, each way, and how its client is told of its end. */
export interface Streams {
  /** From the client. */
  readonly up: Follower;
  /** From the cluster. */
  readonly down: Follower;
  /** What tells the client, between two frames, that it is over and why. */
  farewell(why: string): Promise<Buffer>;
  /** Frees what it holds. */
  close(): void;
}

/** What is told of a stream while it passes. */
export interface Told {
  output(bytes: Buffer, source: string): void;
  input(bytes: Buffer): void;
  size(columns: number, rows: number): void;
  /** A part of the Status by which the server says how the command ended. */
  result(bytes: Buffer): void;
}

/** The largest data of a frame, bytes: clients and kubelets send 32 KiB. */
export const mostData = 1_048_576;

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
  const side = (from: Follower, masked: boolean): Follower => {
    const reader = createFrameReader({ masked, most: mostData });
    const framed = (opcode: number, payload: Buffer): Buffer =>
      encodeFrame(opcode, payload, masked ? randomBytes(4) : undefined);
    return {
      async take(chunk) {
        const out: Buffer[] = [];
        for (const { opcode, payload } of reader.take(chunk)) {
          if (opcode === opcodes.text) throw new Cut("frames_malformed");
          if (opcode >= opcodes.close) out.push(framed(opcode, payload));
          // In order: each part builds on those before it.
          // oxlint-disable-next-line no-await-in-loop
          else for (const raw of await from.take(payload)) out.push(framed(opcodes.binary, raw));
        }
        return out;
      },
    };
  };
  return {
    up: side(inner.up, true),
    down: side(inner.down, false),
    farewell: async (why) =>
      Buffer.concat([encodeFrame(opcodes.binary, await inner.farewell(why)), encodeClose(1008, why)]),
    close: () => inner.close(),
  };
}
