import { deflateSync } from "node:zlib";
import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, test } from "vitest";
import { Cut } from "../../gate/web/proxy/relay.ts";
import {
  createSpdyHeaderWriter,
  createSpdyReader,
  encodeData,
  encodeGoaway,
  encodeReset,
  type SpdyFrame,
} from "./streams/spdy.ts";
import { spdyDictionary } from "./streams/spdy-dictionary.ts";

const MAX_DATA_BYTES = 70_000;
const payload = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc.uint8Array({ minLength: 66_000, maxLength: 66_010 }),
);

/** Bytes cut into pieces at any places. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

const headers = fc.dictionary(fc.stringMatching(/^[a-z][a-z-]{0,20}$/), fc.stringMatching(/^[ -~]{0,40}$/), {
  maxKeys: 6,
});

async function readAll(chunks: readonly Buffer[]): Promise<SpdyFrame[]> {
  const reader = createSpdyReader(MAX_DATA_BYTES);
  const frames: SpdyFrame[] = [];
  try {
    // oxlint-disable-next-line no-await-in-loop -- each piece builds on those before it
    for (const chunk of chunks) frames.push(...(await reader.feed(chunk)));
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
          expect(Buffer.concat(frames.flatMap(({ raw }) => raw)).equals(bytes)).toBe(true);
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
