import { Cut } from "../../gate/web/relay.ts";
import type { ExecRequest } from "./exec.ts";
import { createSpdyReader, encodeData, encodeGoaway, type SpdyFrame } from "./spdy.ts";
import { failure, mostData, sizeOf, type Streams, type Told } from "./streams.ts";
import { createFrameReader, encodeClose, encodeFrame, opcodes } from "./websocket.ts";

/** Channels of a command's WebSocket (Kubernetes: `remotecommand` constants, v4 and v5). */
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** What of an exec decides which streams there are. */
type Wanted = Pick<ExecRequest, "stdin" | "stdout" | "stderr" | "terminal">;

function tellSize(text: string, told: Told): void {
  const size = sizeOf(text);
  if (size === undefined) throw new Cut("frames_malformed");
  told.size(size.columns, size.rows);
}

/**
 * A command over WebSocket: each message's first byte says which stream it is of.
 * @param version v5 alone can close standard input
 */
export function execOverWebSocket(wanted: Wanted, version: "v4" | "v5", told: Told): Streams {
  const up = createFrameReader({ masked: true, most: mostData });
  const down = createFrameReader({ masked: false, most: mostData });
  /** The channel of the message that is half told, each way. */
  let [upChannel, downChannel] = [-1, -1];

  const fromClient = (channel: number, data: Buffer, whole: boolean): void => {
    switch (channel) {
      case channels.stdin:
        if (!wanted.stdin) throw new Cut("stdin_not_granted");
        told.input(data);
        return;
      case channels.resize:
        // Clients without a terminal send a size of nothing too.
        if (!whole || data.length > 256) throw new Cut("frames_malformed");
        tellSize(data.toString("utf8"), told);
        return;
      case channels.close:
        if (version !== "v5" || !wanted.stdin || !whole || data.length !== 1 || data[0] !== channels.stdin)
          throw new Cut("channel_unknown");
        return;
      default:
        throw new Cut("channel_unknown");
    }
  };
  const fromCluster = (channel: number, data: Buffer): void => {
    if (channel === channels.stdout && wanted.stdout) told.output(data, "stdout");
    else if (channel === channels.stderr && wanted.stderr) told.output(data, "stderr");
    else if (channel === channels.error) told.result(data);
    else throw new Cut("channel_unknown");
  };

  return {
    up: {
      take(chunk) {
        return attempt(() =>
          up.take(chunk).map(({ opcode, payload, last, raw }) => {
            if (opcode === opcodes.text) throw new Cut("frames_malformed");
            if (opcode >= opcodes.close) return raw;
            const begins = opcode === opcodes.binary;
            if (begins && payload.length === 0) throw new Cut("frames_malformed");
            if (begins) upChannel = payload[0] ?? -1;
            fromClient(upChannel, begins ? payload.subarray(1) : payload, begins && last);
            return raw;
          }),
        );
      },
    },
    down: {
      take(chunk) {
        return attempt(() =>
          down.take(chunk).map(({ opcode, payload, raw }) => {
            if (opcode === opcodes.text) throw new Cut("frames_malformed");
            if (opcode >= opcodes.close) return raw;
            const begins = opcode === opcodes.binary;
            if (begins && payload.length === 0) throw new Cut("frames_malformed");
            if (begins) downChannel = payload[0] ?? -1;
            fromCluster(downChannel, begins ? payload.subarray(1) : payload);
            return raw;
          }),
        );
      },
    },
    farewell: (why) => {
      const status = encodeFrame(
        opcodes.binary,
        Buffer.concat([Buffer.from([channels.error]), failure(why)]),
      );
      return Promise.resolve(Buffer.concat([status, encodeClose(1008, why)]));
    },
    close: () => undefined,
  };
}

function attempt<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => {
    resolve(work());
  });
}

/** A command over SPDY: the client opens a stream for each of its parts, and names it. */
export function execOverSpdy(wanted: Wanted, told: Told): Streams {
  const up = createSpdyReader(mostData);
  const down = createSpdyReader(mostData);
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
        if (name === "stdin") told.input(frame.data);
        else if (name === "resize") {
          sizes += frame.data.toString("utf8");
          for (let end = sizes.indexOf("}"); end !== -1; end = sizes.indexOf("}")) {
            tellSize(sizes.slice(0, end + 1), told);
            sizes = sizes.slice(end + 1).trimStart();
          }
          if (sizes.length > 256) throw new Cut("frames_malformed");
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
        if (name === "stdout" || name === "stderr") told.output(frame.data, name);
        else if (name === "error") told.result(frame.data);
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
  const each = (judge: (frame: SpdyFrame) => void) => (frames: readonly SpdyFrame[]) =>
    frames.map((frame) => {
      judge(frame);
      return frame.raw;
    });

  return {
    up: { take: (chunk) => up.take(chunk).then(each(judgeUp)) },
    down: { take: (chunk) => down.take(chunk).then(each(judgeDown)) },
    farewell(why) {
      const error = [...streams].find(([, name]) => name === "error")?.[0];
      const told = error === undefined ? [] : [encodeData(error, failure(why), true)];
      return Promise.resolve(Buffer.concat([...told, encodeGoaway(Math.max(newest, 0))]));
    },
    close() {
      up.close();
      down.close();
    },
  };
}
