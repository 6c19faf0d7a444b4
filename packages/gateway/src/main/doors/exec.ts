import { randomBytes } from "node:crypto";
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Doors, ExecAsk, ExecResult } from "../../api/mcp/doors.ts";
import type { Front } from "../../gate/web/front.ts";
import { MayflyError, messageOf } from "../../kernel/errors.ts";
import { createFrameReader, encodeFrame, opcodes } from "../../protocols/kubernetes/websocket.ts";
import { connectInMemory, type Ends } from "./memory.ts";
import { read } from "./web.ts";

/** How long a command may take, milliseconds. */
const longest = 50_000;
/** The largest frame that is read, bytes. */
const mostFrame = 4_194_304;
/** Channels of the streams protocol (Kubernetes: remotecommand, v4 and v5). */
const channels = { stdout: 1, stderr: 2, status: 3 } as const;

/** Makes the door: a WebSocket client of exec on a connection in memory, before the front that the HTTPS port has. */
export function createExecDoor(front: Front, url: string): Doors["exec"] {
  const { host } = new URL(url);
  const server = createServer((request, response) => front.request(request, response, false));
  server.on("upgrade", (request, socket, head) => front.upgrade(request, socket, head));
  return async (ask) => {
    const ends = connectInMemory(ask.address, { encrypted: true });
    const signal = AbortSignal.any([ask.signal, AbortSignal.timeout(longest)]);
    const cut = (): void => void ends.client.destroy();
    signal.addEventListener("abort", cut, { once: true });
    try {
      server.emit("connection", ends.server);
      const opened = await open(ends, ask, host);
      return "socket" in opened
        ? await follow(opened.socket, opened.head, ask.bytes)
        : await read(opened.answer, ask.bytes);
    } catch (error) {
      const why = signal.aborted ? `the command did not end within ${longest / 1000}s` : messageOf(error);
      throw new MayflyError("no_answer", why, { status: 502, hint: "run something shorter, or try again" });
    } finally {
      signal.removeEventListener("abort", cut);
      ends.client.destroy();
      ends.server.destroy();
    }
  };
}

type Opened = { readonly socket: Duplex; readonly head: Buffer } | { readonly answer: IncomingMessage };

function open(ends: Ends, ask: ExecAsk, host: string): Promise<Opened> {
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      method: "GET",
      path: `/kubernetes/${ask.connection}${ask.path}`,
      headers: {
        "user-agent": "mayfly-mcp",
        host,
        authorization: `Bearer ${ask.bearer}`,
        ...(ask.grant === undefined ? {} : { "mayfly-grant": ask.grant }),
        connection: "Upgrade",
        upgrade: "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": randomBytes(16).toString("base64"),
        "sec-websocket-protocol": "v5.channel.k8s.io, v4.channel.k8s.io",
      },
      createConnection: () => ends.client,
    });
    outgoing.once("upgrade", (_, socket, head) => resolve({ socket, head }));
    outgoing.once("response", (answer) => resolve({ answer }));
    outgoing.once("error", reject);
    outgoing.end();
  });
}

/** Reads what the command writes until the cluster tells how it ended. */
async function follow(socket: Duplex, head: Buffer, most: number): Promise<ExecResult> {
  const frames = createFrameReader({ masked: false, most: mostFrame });
  const output: Record<number, Buffer[]> = {
    [channels.stdout]: [],
    [channels.stderr]: [],
    [channels.status]: [],
  };
  let length = 0;
  let channel = -1;
  /** @returns whether it is over */
  const take = (chunk: Buffer): boolean => {
    for (const { opcode, payload } of frames.take(chunk)) {
      if (opcode === opcodes.ping) socket.write(encodeFrame(opcodes.pong, payload, randomBytes(4)));
      if (opcode === opcodes.close) return true;
      if (opcode !== opcodes.binary && opcode !== opcodes.continuation) continue;
      if (opcode === opcodes.binary) channel = payload[0] ?? -1;
      const data = opcode === opcodes.binary ? payload.subarray(1) : payload;
      length += data.length;
      output[channel]?.push(data);
      if (length > most) return true;
    }
    return false;
  };
  if (!take(head)) for await (const chunk of socket as AsyncIterable<Buffer>) if (take(chunk)) break;
  const of = (which: number): Buffer => Buffer.concat(output[which] ?? []).subarray(0, most);
  return {
    stdout: of(channels.stdout),
    stderr: of(channels.stderr),
    ...endOf(of(channels.status)),
    cut: length > most,
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
