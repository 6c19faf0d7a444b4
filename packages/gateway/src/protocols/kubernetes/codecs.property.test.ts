import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Cut } from "../../gate/web/relay.ts";
import {
  createSpdyHeaderWriter,
  createSpdyReader,
  encodeData,
  encodeGoaway,
  encodeReset,
  type SpdyFrame,
} from "./spdy.ts";
import { spdyDictionary } from "./spdy-dictionary.ts";
import { createFrameReader, encodeClose, encodeFrame, opcodes, type WebSocketFrame } from "./websocket.ts";

const most = 70_000;
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.uint8Array({ minLength: 66_000, maxLength: 66_010 }),
);
const mask = fc.uint8Array({ minLength: 4, maxLength: 4 });

/** Bytes cut into pieces at any places. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

const told = ({ last, opcode, payload: bytes }: WebSocketFrame): unknown => [
  last,
  opcode,
  bytes.toString("hex"),
];

/** Whether something fails otherwise than it may. */
function wrong(work: () => unknown): boolean {
  try {
    work();
    return false;
  } catch (error) {
    return !(error instanceof Cut);
  }
}

describe("frames of a WebSocket", () => {
  test("split anywhere, they are the same frames, and go on as they came", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(payload, mask), { minLength: 1, maxLength: 5 }),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 20 }),
        (messages, masked, cuts) => {
          const bytes = Buffer.concat(
            messages.map(([data, key]) =>
              encodeFrame(opcodes.binary, Buffer.from(data), masked ? Buffer.from(key) : undefined),
            ),
          );
          const whole = createFrameReader({ masked, most }).take(bytes);
          expect(whole.map(({ payload: data }) => data.toString("hex"))).toEqual(
            messages.map(([data]) => Buffer.from(data).toString("hex")),
          );
          const reader = createFrameReader({ masked, most });
          const frames = pieces(bytes, cuts).flatMap((piece) => reader.take(piece));
          expect(frames.map(told)).toEqual(whole.map(told));
          expect(Buffer.concat(frames.map(({ raw }) => raw)).equals(bytes)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("garbage is an error or waits for more, and never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.boolean(), (bytes, masked) => {
        expect(wrong(() => createFrameReader({ masked, most }).take(Buffer.from(bytes)))).toBe(false);
      }),
    );
  });

  test.each([
    ["a reserved bit", [0xc2, 0x00], false, "frames_malformed"],
    ["an unknown opcode", [0x83, 0x00], false, "frames_malformed"],
    ["no mask from a client", [0x82, 0x01, 0x00], true, "frames_malformed"],
    ["a mask from a server", [0x82, 0x81, 0, 0, 0, 0, 0], false, "frames_malformed"],
    ["a continuation of nothing", [0x80, 0x00], false, "frames_malformed"],
    ["a ping in pieces", [0x09, 0x00], false, "frames_malformed"],
    ["a ping that is too long", [0x89, 0x7e, 0, 126], false, "frames_malformed"],
    ["a length in a longer form", [0x82, 0x7e, 0, 5, 0, 0, 0, 0, 0], false, "frames_malformed"],
    ["a length of 2^63", [0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0], false, "frame_too_large"],
    ["two messages in one", [0x02, 0x01, 0x00, 0x82, 0x01, 0x00], false, "frames_malformed"],
  ])("%s is refused", (_, bytes, masked, code) => {
    expect(() => createFrameReader({ masked, most }).take(Buffer.from(bytes))).toThrow(code);
  });

  test("a close frame says why in what a control frame carries", () => {
    const [frame] = createFrameReader({ masked: false, most }).take(encodeClose(1008, "é".repeat(200)));
    expect(frame?.payload.readUInt16BE(0)).toBe(1008);
    expect(frame?.payload.subarray(2).toString("utf8")).toMatch(/^é+$/);
  });
});

const headers = fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,20}$/), fc.stringMatching(/^[ -~]{0,40}$/), {
  maxKeys: 6,
});

async function readAll(chunks: readonly Buffer[]): Promise<SpdyFrame[]> {
  const reader = createSpdyReader(most);
  const frames: SpdyFrame[] = [];
  try {
    // oxlint-disable-next-line no-await-in-loop -- each piece builds on those before it
    for (const chunk of chunks) frames.push(...(await reader.take(chunk)));
  } finally {
    reader.close();
  }
  return frames;
}

describe("frames of SPDY", () => {
  test("have the dictionary of the draft", () => {
    expect(spdyDictionary.length).toBe(1423);
    // A zlib stream with a dictionary names it by its Adler-32 (RFC 1950, section 2.2).
    expect(deflateSync("", { dictionary: spdyDictionary }).readUInt32BE(2).toString(16)).toBe("e3c6a7c2");
  });

  test("split anywhere, they are the same frames, and go on as they came", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(headers, payload), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        async (streams, cuts) => {
          const writer = createSpdyHeaderWriter();
          const parts: Buffer[] = [];
          for (const [i, [each, data]] of streams.entries()) {
            // oxlint-disable-next-line no-await-in-loop -- the blocks share one zlib stream
            parts.push(await writer.synStream(2 * i + 1, each));
            parts.push(encodeData(2 * i + 1, Buffer.from(data), i % 2 === 0));
          }
          parts.push(encodeReset(1), encodeGoaway(9));
          const bytes = Buffer.concat(parts);
          const frames = await readAll(pieces(bytes, cuts));
          expect(Buffer.concat(frames.map(({ raw }) => raw)).equals(bytes)).toBe(true);
          const opened = frames.flatMap((frame) => (frame.kind === "syn_stream" ? [frame] : []));
          expect(opened.map((frame) => Object.fromEntries(frame.headers))).toEqual(
            streams.map(([each]) => ({ ...each })),
          );
          expect(frames.slice(-2).map(({ kind }) => kind)).toEqual(["rst_stream", "goaway"]);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("garbage is an error or waits for more, never a crash or a hang", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 200 }),
        fc.constantFrom(
          [],
          [0x80, 3, 0, 1, 0, 0, 0, 60, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0],
          [0x80, 3, 0, 2, 0, 0, 0, 20],
        ),
        async (bytes, begin) => {
          const answered = readAll([Buffer.from([...begin, ...bytes])]);
          expect(
            await answered.then(
              () => false,
              (error: unknown) => !(error instanceof Cut),
            ),
          ).toBe(false);
        },
      ),
      { numRuns: 200 },
    );
  });

  test("headers that inflate to more than they may are refused", async () => {
    const writer = createSpdyHeaderWriter();
    await expect(readAll([await writer.synStream(1, { bomb: "a".repeat(2_000_000) })])).rejects.toThrow(
      "headers_too_large",
    );
  });

  test("a zlib stream that ends carries no further headers", async () => {
    const block = deflateSync(Buffer.from([0, 0, 0, 0]), { dictionary: spdyDictionary });
    const head = Buffer.from([0x80, 3, 0, 2, 0, 0, 0, block.length + 4, 0, 0, 0, 1]);
    const reply = Buffer.concat([head, block]);
    await expect(readAll([reply, reply])).rejects.toThrow("frames_malformed");
  });

  test.each([
    ["data on stream 0", [0, 0, 0, 0, 0, 0, 0, 0], "frames_malformed"],
    ["data with unknown flags", [0, 0, 0, 1, 2, 0, 0, 0], "frames_malformed"],
    ["another version", [0x80, 2, 0, 6, 0, 0, 0, 4, 0, 0, 0, 1], "frames_malformed"],
    ["an unknown type", [0x80, 3, 0, 5, 0, 0, 0, 0], "frames_malformed"],
    ["headers in the middle", [0x80, 3, 0, 8, 0, 0, 0, 4, 0, 0, 0, 1], "frames_malformed"],
    ["data that is too large", [0, 0, 0, 1, 0, 0xff, 0xff, 0xff], "frame_too_large"],
    ["settings that count wrong", [0x80, 3, 0, 4, 0, 0, 0, 4, 0, 0, 0, 9], "frames_malformed"],
  ])("%s is refused", async (_, bytes, code) => {
    await expect(readAll([Buffer.from(bytes)])).rejects.toThrow(code);
  });
});
