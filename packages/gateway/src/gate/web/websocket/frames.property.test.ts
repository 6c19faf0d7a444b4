import fc from "@mayfly/testing/fast-check.ts";
import { describe, expect, test, vi } from "vitest";
import { encodeClose, encodeFrame } from "./encode.ts";
import { createFrameReader, createFrameScanner, type Frame, FrameError, opcodes } from "./frames.ts";
import { applyMask } from "./mask.ts";
import { createWholeFrames } from "./whole-frames.ts";

const MAX_PAYLOAD_BYTES = 70_000;
/** A large payload is one byte again and again: what its bytes are does not matter, and making them is slow. */
const payload = fc.oneof(
  { weight: 7, arbitrary: fc.uint8Array({ maxLength: 300 }) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.integer({ min: 65_530, max: 65_545 }), fc.nat(255))
      .map(([length, byte]) => new Uint8Array(length).fill(byte)),
  },
);
const mask = fc.uint8Array({ minLength: 4, maxLength: 4 });
const cuts = fc.array(fc.nat(), { maxLength: 20 });
const senders = fc.constantFrom("client" as const, "server" as const);

/** Bytes cut into pieces at any places. */
function pieces(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set([0, ...at.map((cut) => cut % (bytes.length + 1)), bytes.length])].toSorted(
    (a, b) => a - b,
  );
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end));
}

const plain = ({ isLast, opcode, payload: bytes }: Frame): unknown => [
  isLast,
  opcode,
  bytes.toString("latin1"),
];

/** Frames of any kind that may follow one another: messages whole and in parts, with pings between the parts. */
const messages = fc.array(
  fc.record({ parts: fc.array(payload, { minLength: 1, maxLength: 3 }), key: mask, isPinged: fc.boolean() }),
  { minLength: 1, maxLength: 4 },
);

function encodeAll(
  all: readonly {
    readonly parts: readonly Uint8Array[];
    readonly key: Uint8Array;
    readonly isPinged: boolean;
  }[],
  from: "client" | "server",
): Buffer {
  const out: Buffer[] = [];
  for (const { parts, key, isPinged } of all) {
    const own = from === "client" ? Buffer.from(key) : undefined;
    for (const [i, part] of parts.entries()) {
      const frame = encodeFrame(i === 0 ? opcodes.binary : opcodes.continuation, Buffer.from(part), own);
      if (i < parts.length - 1) frame[0] = (frame[0] ?? 0) & 0x7f;
      out.push(frame);
      if (isPinged) out.push(encodeFrame(opcodes.ping, Buffer.from("ping"), own));
    }
  }
  return Buffer.concat(out);
}

describe("frames of a WebSocket", () => {
  test("split anywhere, they are the same frames with the same payloads", () => {
    fc.assert(
      fc.property(messages, senders, cuts, (all, from, at) => {
        const rules = { from, maxPayloadBytes: MAX_PAYLOAD_BYTES };
        const bytes = encodeAll(all, from);
        const whole = createFrameReader(rules)(bytes);
        const data = whole.filter(({ opcode }) => opcode < opcodes.close);
        expect(data.map((each) => each.payload.toString("latin1"))).toEqual(
          all.flatMap(({ parts }) => parts.map((part) => Buffer.from(part).toString("latin1"))),
        );
        const read = createFrameReader(rules);
        expect(pieces(bytes, at).flatMap(read).map(plain)).toEqual(whole.map(plain));
      }),
      { numRuns: 50 },
    );
  });

  test("split anywhere, whole ones go on as they came, and the rest waits", () => {
    fc.assert(
      fc.property(messages, senders, cuts, fc.nat(), (all, from, at, end) => {
        const bytes = encodeAll(all, from);
        const cut = bytes.subarray(0, end % (bytes.length + 1));
        const scanner = createFrameScanner({ from });
        const whole = createWholeFrames((chunk) => scanner.scan(chunk));
        const onward = Buffer.concat(pieces(cut, at).flatMap(whole));
        expect(onward.equals(cut.subarray(0, onward.length))).toBe(true);
        expect(onward.length === cut.length).toBe(scanner.isBetween);
        // What went on is frames and nothing else, and none that was whole stayed.
        const again = createFrameScanner({ from });
        again.scan(onward);
        expect(again.isBetween).toBe(true);
        expect(again.scan(cut.subarray(onward.length))).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  test("byte by byte, a frame waits in no more memory than it has", () => {
    const bytes = encodeFrame(opcodes.binary, Buffer.alloc(60_000, 7));
    const scanner = createFrameScanner({ from: "server" });
    const whole = createWholeFrames((chunk) => scanner.scan(chunk));
    const onward = pieces(bytes, [...bytes.keys()]).flatMap(whole);
    expect(Buffer.concat(onward).equals(bytes)).toBe(true);
    expect(onward.length).toBeLessThan(10);
  });

  test("byte by byte, a frame that is read whole waits in few pieces: each is an object of its own", () => {
    const bytes = encodeFrame(opcodes.binary, Buffer.alloc(60_000, 7), Buffer.from([1, 2, 3, 4]));
    const concat = vi.spyOn(Buffer, "concat");
    try {
      const read = createFrameReader({ from: "client", maxPayloadBytes: 60_000 });
      const [frame] = pieces(bytes, [...bytes.keys()]).flatMap(read);
      expect(frame?.payload.equals(Buffer.alloc(60_000, 7))).toBe(true);
      expect(Math.max(...concat.mock.calls.map(([list]) => list.length))).toBeLessThan(10);
    } finally {
      concat.mockRestore();
    }
  });

  test("garbage is an error of its own kind or waits for more, and never anything else", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), senders, cuts, (bytes, from, at) => {
        const read = createFrameReader({ from, maxPayloadBytes: MAX_PAYLOAD_BYTES });
        let thrown: unknown;
        try {
          pieces(Buffer.from(bytes), at).flatMap(read);
        } catch (error) {
          thrown = error;
        }
        expect(thrown === undefined || thrown instanceof FrameError).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ["a reserved bit", [0xc2, 0x00], "server", "reserved_bits"],
    ["an unknown opcode", [0x83, 0x00], "server", "opcode_unknown"],
    ["an unknown control opcode", [0x8b, 0x00], "server", "opcode_unknown"],
    ["no mask from a client", [0x82, 0x01, 0x00], "client", "mask_missing"],
    ["a mask from a server", [0x82, 0x81, 0, 0, 0, 0, 0], "server", "mask_unexpected"],
    ["a continuation of nothing", [0x80, 0x00], "server", "nothing_to_continue"],
    ["two messages in one", [0x02, 0x01, 0x00, 0x82, 0x01, 0x00], "server", "message_interrupted"],
    ["a ping in pieces", [0x09, 0x00], "server", "control_in_pieces"],
    ["a ping that is too long", [0x89, 0x7e, 0, 126], "server", "control_too_long"],
    ["a length in a longer form", [0x82, 0x7e, 0, 5, 0, 0, 0, 0, 0], "server", "length_not_shortest"],
    [
      "a length in the longest form",
      [0x82, 0x7f, 0, 0, 0, 0, 0, 0, 0xff, 0xff],
      "server",
      "length_not_shortest",
    ],
    ["one byte more than may be", [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0x11, 0x71], "server", "frame_too_large"],
    ["a length of 2^63", [0x82, 0x7f, 0x80, 0, 0, 0, 0, 0, 0, 0], "server", "frame_too_large"],
    ["a short frame that is too large", [0x82, 0x02, 0, 0], "server", "frame_too_large", 1],
  ] as const)("%s is refused", (_, bytes, from, problem, maxPayloadBytes: number = MAX_PAYLOAD_BYTES) => {
    const scan = (): number => createFrameScanner({ from, maxPayloadBytes }).scan(Buffer.from(bytes));
    expect(scan).toThrow(problem);
  });

  test("the largest frame that may be passes", () => {
    const bytes = encodeFrame(opcodes.binary, Buffer.alloc(MAX_PAYLOAD_BYTES));
    const scanner = createFrameScanner({ from: "server", maxPayloadBytes: MAX_PAYLOAD_BYTES });
    expect(scanner.scan(bytes)).toBe(bytes.length);
  });

  test("a close frame says why in what a control frame carries", () => {
    const read = createFrameReader({ from: "server", maxPayloadBytes: 125 });
    const [frame] = read(encodeClose(1008, "é".repeat(200)));
    expect(frame?.payload.readUInt16BE(0)).toBe(1008);
    expect(frame?.payload.subarray(2).toString("utf8")).toMatch(/^é+$/);
    expect(frame?.payload.length).toBeGreaterThan(120);
  });
});

test("a mask is the same byte by byte, wherever a piece of the payload stands", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      mask,
      fc.nat(1000),
      fc.nat(7),
      (bytes, key, offset, shift) => {
        const slab = Buffer.concat([Buffer.alloc(shift), Buffer.from(bytes)]);
        const masked = applyMask(slab.subarray(shift), key, offset);
        expect([...masked]).toEqual([...bytes].map((byte, i) => byte ^ (key[(offset + i) % 4] ?? 0)));
        expect(slab.subarray(shift).equals(Buffer.from(bytes))).toBe(true);
      },
    ),
  );
});
