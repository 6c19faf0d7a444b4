import { expect, test, vi } from "vitest";
import { createSpdyReader, encodeData } from "./spdy.ts";

test("a frame that comes byte by byte costs no more copying than it is long", async () => {
  const bytes = encodeData(1, Buffer.alloc(8000, 7), true);
  const concat = vi.spyOn(Buffer, "concat");
  const reader = createSpdyReader(8000);
  try {
    const frames = [];
    for (let at = 0; at < bytes.length; at += 1) {
      // oxlint-disable-next-line no-await-in-loop -- calls must not overlap
      frames.push(...(await reader.feed(bytes.subarray(at, at + 1))));
    }
    const [frame] = frames;
    const [raw, data] = frame?.kind === "data" ? [frame.raw, frame.data] : [[], []];
    const copied = concat.mock.results.reduce((sum, { value }) => sum + (value as Buffer).length, 0);
    expect(copied).toBeLessThan(2 * bytes.length);
    expect(Buffer.concat(raw).equals(bytes)).toBe(true);
    expect(Buffer.concat(data).equals(Buffer.alloc(8000, 7))).toBe(true);
  } finally {
    concat.mockRestore();
    reader.close();
  }
});
