import { Cut } from "../../gate/web/relay.ts";
import { createSpdyReader, encodeGoaway, encodeReset, type SpdyFrame } from "./spdy.ts";
import { mostData, type Streams } from "./streams.ts";

/** One connection to a port that was permitted. */
export interface PortPassage {
  /** Told once, when both sides have ended it, or everything ended. */
  done(bytes: { readonly received: number; readonly sent: number }): void;
}

/** Judges a connection to a port: a passage, or why not. */
export type JudgePort = (port: number) => Promise<PortPassage | { readonly why: string }>;

/** Streams of one connection: of its data, and of what went wrong with it. */
interface Pair {
  readonly passage: PortPassage;
  readonly port: number;
  readonly types: Set<string>;
  open: number;
  received: number;
  sent: number;
}

interface Open {
  readonly type: string;
  readonly pair: Pair;
  upDone: boolean;
  downDone: boolean;
}

const mostStreams = 2048;

/** Forwarded ports over SPDY: two streams a connection, and each connection's port is judged before they go on. */
export function forwardOverSpdy(judgePort: JudgePort): Streams {
  const up = createSpdyReader(mostData);
  const down = createSpdyReader(mostData);
  const streams = new Map<number, Open>();
  const pairs = new Map<string, Pair>();
  let newest = -1;
  let refused: number | undefined;

  const finish = (pair: Pair): void => {
    pair.passage.done({ received: pair.received, sent: pair.sent });
  };
  const end = (id: number, stream: Open): void => {
    streams.delete(id);
    stream.pair.open -= 1;
    if (stream.pair.open === 0 && stream.pair.types.size === 2) finish(stream.pair);
  };
  const known = (id: number): Open | undefined => {
    if (id % 2 === 0 || id > newest) throw new Cut("channel_unknown");
    return streams.get(id);
  };

  const opens = async (frame: SpdyFrame & { readonly kind: "syn_stream" }): Promise<void> => {
    const { headers, stream } = frame;
    const [type = "", port = "", request = ""] = ["streamtype", "port", "requestid"].map((name) =>
      headers.get(name),
    );
    if (headers.size !== 3 || frame.associated !== 0 || frame.unidirectional)
      throw new Cut("frames_malformed");
    if (stream % 2 === 0 || stream <= newest) throw new Cut("frames_malformed");
    if (!["error", "data"].includes(type) || !/^[1-9]\d{0,4}$/.test(port) || !/^\d{1,20}$/.test(request))
      throw new Cut("channel_unknown");
    if (streams.size >= mostStreams) throw new Cut("too_many_streams");
    newest = stream;
    let pair = pairs.get(request);
    if (pair === undefined) {
      const passage = await judgePort(Number(port));
      if ("why" in passage) {
        refused = stream;
        throw new Cut("port_not_granted");
      }
      pair = { passage, port: Number(port), types: new Set(), open: 0, received: 0, sent: 0 };
      pairs.set(request, pair);
    }
    // Both streams of one connection go where the first was permitted to go.
    if (pair.port !== Number(port) || pair.types.has(type)) throw new Cut("channel_unknown");
    pair.types.add(type);
    pair.open += 1;
    if (pair.types.size === 2) pairs.delete(request);
    streams.set(stream, { type, pair, upDone: frame.fin, downDone: false });
  };

  const judgeUp = async (frame: SpdyFrame): Promise<void> => {
    if (frame.kind === "syn_stream") return opens(frame);
    if (frame.kind === "syn_reply") throw new Cut("frames_malformed");
    if (frame.kind === "data") {
      const stream = known(frame.stream);
      if (stream === undefined) return;
      if (frame.data.length > 0 && (stream.type !== "data" || stream.upDone))
        throw new Cut("channel_unknown");
      stream.pair.sent += frame.data.length;
      stream.upDone ||= frame.fin;
      if (stream.upDone && stream.downDone) end(frame.stream, stream);
    } else if (frame.kind === "rst_stream") {
      const stream = known(frame.stream);
      if (stream !== undefined) end(frame.stream, stream);
    }
  };
  const judgeDown = (frame: SpdyFrame): void => {
    if (frame.kind === "syn_stream") throw new Cut("frames_malformed");
    if (frame.kind === "syn_reply") known(frame.stream);
    else if (frame.kind === "data") {
      const stream = known(frame.stream);
      if (stream === undefined) return;
      if (stream.type === "data") stream.pair.received += frame.data.length;
      stream.downDone ||= frame.fin;
      if (stream.upDone && stream.downDone) end(frame.stream, stream);
    } else if (frame.kind === "rst_stream") {
      const stream = known(frame.stream);
      if (stream !== undefined) end(frame.stream, stream);
    }
  };

  return {
    up: {
      async take(chunk) {
        const out: Buffer[] = [];
        for (const frame of await up.take(chunk)) {
          // In order: a stream is permitted before what is on it.
          // oxlint-disable-next-line no-await-in-loop
          await judgeUp(frame);
          out.push(frame.raw);
        }
        return out;
      },
    },
    down: {
      async take(chunk) {
        const frames = await down.take(chunk);
        for (const frame of frames) judgeDown(frame);
        return frames.map(({ raw }) => raw);
      },
    },
    farewell: () =>
      Promise.resolve(
        Buffer.concat([
          ...(refused === undefined ? [] : [encodeReset(refused)]),
          encodeGoaway(Math.max(newest, 0)),
        ]),
      ),
    close() {
      up.close();
      down.close();
      const left = new Set([...pairs.values(), ...[...streams.values()].map(({ pair }) => pair)]);
      for (const pair of left) finish(pair);
      streams.clear();
      pairs.clear();
    },
  };
}
