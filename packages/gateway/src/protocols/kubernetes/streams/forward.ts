import type { Permit } from "../../../gate/permit.ts";
import { createSend } from "../../../gate/send.ts";
import { Cut } from "../../../gate/web/proxy/relay.ts";
import { createSpdyReader, encodeGoaway, encodeReset, type SpdyFrame } from "./spdy.ts";
import { MAX_DATA_BYTES, type Streams } from "./streams.ts";

/** One connection to a port that was permitted. */
export interface PortPassage {
  /** Lets the connection's first stream go on. */
  readonly permit: Permit<unknown>;
  /** Told once, when both sides have ended it, or everything ended. */
  done(bytes: { readonly received: number; readonly sent: number }): void;
}

/** Judges a connection to a port: a passage, or why not. */
export type JudgePort = (port: number) => Promise<PortPassage | { readonly why: string }>;

/** Streams of one connection: of its data, and of what went wrong with it. */
interface Pair {
  readonly request: string;
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

const MAX_STREAMS = 2048;

function bytesOf(data: readonly Buffer[]): number {
  let bytes = 0;
  for (const piece of data) bytes += piece.length;
  return bytes;
}

/** A connection is over. */
function finish({ passage, received, sent }: Pair): void {
  passage.done({ received, sent });
}

/** Forwarded ports over SPDY: two streams a connection, and each connection's port is judged before they go on. */
export function forwardOverSpdy(judgePort: JudgePort): Streams {
  const up = createSpdyReader(MAX_DATA_BYTES);
  const down = createSpdyReader(MAX_DATA_BYTES);
  const streams = new Map<number, Open>();
  const pairs = new Map<string, Pair>();
  let newest = -1;
  let refused: number | undefined;
  /** What goes on of the chunk that is read now. */
  let onward: Buffer[] = [];
  /** A connection begins with its permit; its other frames go on a stream that began so. */
  const sendFirst = createSend((opening: readonly Buffer[]): void => void onward.push(...opening));

  const end = (id: number, { pair }: Open): void => {
    streams.delete(id);
    pair.open -= 1;
    if (pair.open > 0) return;
    // A connection whose one stream has ended is over: what comes under its number is another, judged by itself.
    if (pairs.get(pair.request) === pair) pairs.delete(pair.request);
    finish(pair);
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
    if (streams.size >= MAX_STREAMS) throw new Cut("too_many_streams");
    newest = stream;
    let pair = pairs.get(request);
    const isFirst = pair === undefined;
    if (pair === undefined) {
      const passage = await judgePort(Number(port));
      if ("why" in passage) {
        refused = stream;
        throw new Cut("port_not_granted");
      }
      pair = { request, passage, port: Number(port), types: new Set(), open: 0, received: 0, sent: 0 };
      pairs.set(request, pair);
    }
    // Both streams of one connection go where the first was permitted to go.
    if (pair.port !== Number(port) || pair.types.has(type)) throw new Cut("channel_unknown");
    pair.types.add(type);
    pair.open += 1;
    if (pair.types.size === 2) pairs.delete(request);
    streams.set(stream, { type, pair, upDone: frame.fin, downDone: false });
    if (isFirst) sendFirst(pair.passage.permit, frame.raw);
    else onward.push(...frame.raw);
  };

  const judgeUp = (frame: Exclude<SpdyFrame, { readonly kind: "syn_stream" }>): void => {
    if (frame.kind === "syn_reply") throw new Cut("frames_malformed");
    if (frame.kind === "data") {
      const stream = known(frame.stream);
      const bytes = bytesOf(frame.data);
      if (stream !== undefined) {
        if (bytes > 0 && (stream.type !== "data" || stream.upDone)) throw new Cut("channel_unknown");
        stream.pair.sent += bytes;
        stream.upDone ||= frame.fin;
        if (stream.upDone && stream.downDone) end(frame.stream, stream);
      }
    } else if (frame.kind === "rst_stream") {
      const stream = known(frame.stream);
      if (stream !== undefined) end(frame.stream, stream);
    }
    onward.push(...frame.raw);
  };
  const judgeDown = (frame: SpdyFrame): void => {
    if (frame.kind === "syn_stream") throw new Cut("frames_malformed");
    if (frame.kind === "syn_reply") known(frame.stream);
    else if (frame.kind === "data") {
      const stream = known(frame.stream);
      if (stream === undefined) return;
      if (stream.type === "data") stream.pair.received += bytesOf(frame.data);
      stream.downDone ||= frame.fin;
      if (stream.upDone && stream.downDone) end(frame.stream, stream);
    } else if (frame.kind === "rst_stream") {
      const stream = known(frame.stream);
      if (stream !== undefined) end(frame.stream, stream);
    }
  };

  return {
    up: {
      async feed(chunk) {
        const frames = await up.feed(chunk);
        onward = [];
        for (const frame of frames)
          // In order: a stream is permitted before what is on it.
          // oxlint-disable-next-line no-await-in-loop
          if (frame.kind === "syn_stream") await opens(frame);
          else judgeUp(frame);
        return onward;
      },
    },
    down: {
      async feed(chunk) {
        const frames = await down.feed(chunk);
        for (const frame of frames) judgeDown(frame);
        return frames.flatMap(({ raw }) => raw);
      },
    },
    closing: () =>
      Buffer.concat([
        ...(refused === undefined ? [] : [encodeReset(refused)]),
        encodeGoaway(Math.max(newest, 0)),
      ]),
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
