import type { Follower } from "../../../gate/web/proxy/splice-streams.ts";
import { Cut } from "../../../gate/web/proxy/relay.ts";
import { encodeClose, encodeFrame, POLICY_VIOLATION } from "../../../gate/web/websocket/encode.ts";
import { createFrameScanner, opcodes } from "../../../gate/web/websocket/frames.ts";
import { createWholeFrames } from "../../../gate/web/websocket/whole-frames.ts";
import type { ExecRequest } from "../request/exec.ts";
import { createSpdyReader, encodeData, encodeGoaway, type SpdyFrame, type SpdyReader } from "./spdy.ts";
import { failure, MAX_DATA_BYTES, sizeOf, type StreamObserver, type Streams } from "./streams.ts";

/** Channels of a command's WebSocket (Kubernetes: `remotecommand` constants, v4 and v5). */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** What of an exec decides which streams there are. */
type Wanted = Pick<ExecRequest, "stdin" | "stdout" | "stderr" | "terminal">;

function tellSize(text: string, observer: StreamObserver): void {
  const size = sizeOf(text);
  if (size === undefined) throw new Cut("frames_malformed");
  observer.size(size.columns, size.rows);
}

/** What is sent of a terminal's size, bytes. */
const MAX_SIZE_BYTES = 256;

/** What one direction of a command's WebSocket makes of a message's bytes. */
type ChannelRule = (channel: number, data: Buffer) => void;

/**
 * Follows one direction: each message's first byte says which stream it is of.
 * @param isControl channels whose messages are judged whole: they say something, and carry no data
 */
function followChannels(
  from: "client" | "server",
  isControl: (channel: number) => boolean,
  judge: ChannelRule,
): Follower {
  let channel = -1;
  /** Of the message that is half told: whether its first byte is to come, and what a control channel said so far. */
  let isFirst = false;
  let said: Buffer[] = [];
  let saidBytes = 0;
  let frame = { isData: false, isLast: false };
  const scanner = createFrameScanner(
    { from, maxPayloadBytes: MAX_DATA_BYTES },
    {
      begin(opcode, isLast, length) {
        if (opcode === opcodes.text) throw new Cut("frames_malformed");
        frame = { isData: opcode < opcodes.close, isLast };
        if (opcode !== opcodes.binary) return;
        if (length === 0) throw new Cut("frames_malformed");
        isFirst = true;
      },
      payload(bytes) {
        if (!frame.isData) return;
        let data = bytes;
        if (isFirst) {
          isFirst = false;
          channel = bytes[0] ?? -1;
          data = bytes.subarray(1);
          // Where the stream may not be used at all, nothing has to come of it.
          if (!isControl(channel)) judge(channel, data);
        } else if (!isControl(channel)) judge(channel, data);
        if (!isControl(channel)) return;
        // What is told in parts was never sent by a client.
        saidBytes += data.length;
        if (!frame.isLast || saidBytes > MAX_SIZE_BYTES) throw new Cut("frames_malformed");
        said.push(data);
      },
      end() {
        if (!frame.isData || channel === -1 || !isControl(channel)) return;
        judge(channel, Buffer.concat(said));
        said = [];
        saidBytes = 0;
      },
    },
  );
  const wholeFrames = createWholeFrames((chunk) => scanner.scan(chunk));
  return { feed: wholeFrames };
}

/**
 * A command over WebSocket.
 * @param version v5 alone can close standard input
 */
export function execOverWebSocket(wanted: Wanted, version: "v4" | "v5", observer: StreamObserver): Streams {
  const fromClient: ChannelRule = (channel, data) => {
    switch (channel) {
      case channels.stdin:
        if (!wanted.stdin) throw new Cut("stdin_not_granted");
        observer.input(data);
        return;
      case channels.resize:
        // Clients without a terminal send a size of nothing too.
        tellSize(data.toString("utf8"), observer);
        return;
      case channels.close:
        if (version !== "v5" || !wanted.stdin || data.length !== 1 || data[0] !== channels.stdin)
          throw new Cut("channel_unknown");
        return;
      default:
        throw new Cut("channel_unknown");
    }
  };
  const fromCluster: ChannelRule = (channel, data) => {
    if (channel === channels.stdout && wanted.stdout) observer.output(data, "stdout");
    else if (channel === channels.stderr && wanted.stderr) observer.output(data, "stderr");
    else if (channel === channels.error) observer.result(data);
    else throw new Cut("channel_unknown");
  };
  return {
    up: followChannels(
      "client",
      (channel) => channel === channels.resize || channel === channels.close,
      fromClient,
    ),
    down: followChannels("server", () => false, fromCluster),
    closing: (why) =>
      Buffer.concat([
        encodeFrame(opcodes.binary, Buffer.concat([Buffer.from([channels.error]), failure(why)])),
        encodeClose(POLICY_VIOLATION, why),
      ]),
    close: () => undefined,
  };
}

/** A command over SPDY: the client opens a stream for each of its parts, and names it. */
export function execOverSpdy(wanted: Wanted, observer: StreamObserver): Streams {
  const up = createSpdyReader(MAX_DATA_BYTES);
  const down = createSpdyReader(MAX_DATA_BYTES);
  const streams = new Map<number, string>();
  let newest = -1;
  /** Sizes come as JSON after JSON; what is left of the last. */
  let sizes = "";

  const isWanted: Readonly<Record<string, boolean>> = {
    error: true,
    stdin: wanted.stdin,
    stdout: wanted.stdout,
    stderr: wanted.stderr,
    resize: wanted.terminal,
  };
  const nameOf = (stream: number): string => {
    const name = streams.get(stream);
    if (name === undefined) throw new Cut("channel_unknown");
    return name;
  };
  const judgeUp = (frame: SpdyFrame): void => {
    switch (frame.kind) {
      case "syn_stream": {
        const type = frame.headers.get("streamtype") ?? "";
        if (frame.headers.size !== 1 || frame.associated !== 0 || frame.unidirectional)
          throw new Cut("frames_malformed");
        if (frame.stream % 2 === 0 || frame.stream <= newest) throw new Cut("frames_malformed");
        if (!Object.hasOwn(isWanted, type) || isWanted[type] !== true)
          throw new Cut(type === "stdin" ? "stdin_not_granted" : "channel_unknown");
        if ([...streams.values()].includes(type)) throw new Cut("channel_unknown");
        newest = frame.stream;
        streams.set(frame.stream, type);
        return;
      }
      case "data": {
        const name = nameOf(frame.stream);
        if (name === "stdin") for (const piece of frame.data) observer.input(piece);
        else if (name === "resize") {
          sizes += Buffer.concat(frame.data).toString("utf8");
          for (let end = sizes.indexOf("}"); end !== -1; end = sizes.indexOf("}")) {
            tellSize(sizes.slice(0, end + 1), observer);
            sizes = sizes.slice(end + 1).trimStart();
          }
          if (sizes.length > MAX_SIZE_BYTES) throw new Cut("frames_malformed");
        } else if (frame.data.length > 0) throw new Cut("channel_unknown");
        return;
      }
      case "syn_reply":
        throw new Cut("frames_malformed");
      case "rst_stream":
      case "window_update":
        if (frame.stream !== 0) nameOf(frame.stream);
        return;
      default:
    }
  };
  const judgeDown = (frame: SpdyFrame): void => {
    switch (frame.kind) {
      case "syn_stream":
        // A server that opens streams has nothing to say here.
        throw new Cut("frames_malformed");
      case "data": {
        const name = nameOf(frame.stream);
        if (name === "stdout" || name === "stderr")
          for (const piece of frame.data) observer.output(piece, name);
        else if (name === "error") for (const piece of frame.data) observer.result(piece);
        else if (frame.data.length > 0) throw new Cut("channel_unknown");
        return;
      }
      case "syn_reply":
        nameOf(frame.stream);
        return;
      case "rst_stream":
      case "window_update":
        if (frame.stream !== 0) nameOf(frame.stream);
        return;
      default:
    }
  };
  const follow = (reader: SpdyReader, judge: (frame: SpdyFrame) => void): Follower => {
    const onward = (frames: readonly SpdyFrame[]): readonly Buffer[] =>
      frames.flatMap((frame) => {
        judge(frame);
        return frame.raw;
      });
    return {
      feed(chunk) {
        const frames = reader.feed(chunk);
        return frames instanceof Promise ? frames.then(onward) : onward(frames);
      },
    };
  };

  return {
    up: follow(up, judgeUp),
    down: follow(down, judgeDown),
    closing(why) {
      const error = [...streams].find(([, name]) => name === "error")?.[0];
      const status = error === undefined ? [] : [encodeData(error, failure(why), true)];
      return Buffer.concat([...status, encodeGoaway(Math.max(newest, 0))]);
    },
    close() {
      up.close();
      down.close();
    },
  };
}
