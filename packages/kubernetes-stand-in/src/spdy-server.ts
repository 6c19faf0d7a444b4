import {
  createSpdyHeaderWriter,
  createSpdyReader,
  encodeData,
  encodeGoaway,
} from "../../gateway/src/protocols/kubernetes/streams/spdy.ts";

/** One stream that a client opened. */
export interface ServerStream {
  readonly headers: ReadonlyMap<string, string>;
  write(data: Buffer): void;
  end(data?: Buffer): void;
  /** Told of each piece, and of the end (undefined). */
  onData: (data: Buffer | undefined) => void;
}

/** The server's side of a SPDY/3.1 connection. Tests only: no flow control. */
export function serveSpdy(
  send: (bytes: Buffer) => void,
  opened: (stream: ServerStream) => void,
): { feed(chunk: Buffer): Promise<void>; goaway(): void } {
  const reader = createSpdyReader(16_777_215);
  const writer = createSpdyHeaderWriter();
  const streams = new Map<number, ServerStream>();
  let newest = 0;
  let work = Promise.resolve();
  const handle = async (chunk: Buffer): Promise<void> => {
    for (const frame of await reader.feed(chunk)) {
      if (frame.kind === "syn_stream") {
        const id = frame.stream;
        newest = id;
        send(await writer.synReply(id, {}));
        const stream: ServerStream = {
          headers: frame.headers,
          write(data) {
            for (let at = 0; at < data.length; at += 32_768)
              send(encodeData(id, data.subarray(at, at + 32_768), false));
          },
          end: (data = Buffer.alloc(0)) => send(encodeData(id, data, true)),
          onData: () => undefined,
        };
        streams.set(id, stream);
        opened(stream);
        if (frame.fin) stream.onData(undefined);
      } else if (frame.kind === "data") {
        const stream = streams.get(frame.stream);
        for (const piece of frame.data) stream?.onData(piece);
        if (frame.fin) stream?.onData(undefined);
      } else if (frame.kind === "ping") send(Buffer.concat(frame.raw));
    }
  };
  return {
    feed: (chunk) => (work = work.then(() => handle(chunk))),
    goaway: () => send(encodeGoaway(newest)),
  };
}
