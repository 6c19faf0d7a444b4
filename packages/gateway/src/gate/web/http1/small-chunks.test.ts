import { createServer, type AddressInfo, type Server } from "node:net";
import { afterEach, expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { SLOW_LANE_MS } from "../../bounds.ts";
import { createHttp1Client } from "./client.ts";
import type { RequestControl } from "./dispatch.ts";

const CHUNKS = 100_000;
let server: Server | undefined;
afterEach(() => {
  server?.close();
});

/** Asks for an answer in chunks of one byte. */
async function ask(): Promise<{
  readonly clock: ReturnType<typeof fakeClock>;
  readonly control: RequestControl;
  readonly seen: { bytes: number; pieces: number; isOver: boolean };
}> {
  const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${"1\r\nx\r\n".repeat(CHUNKS)}0\r\n\r\n`;
  const made = createServer((socket) => {
    socket.on("error", () => undefined).once("data", () => socket.write(answer));
  });
  server = made;
  await new Promise<void>((resolve) => made.listen(0, "127.0.0.1", resolve));
  const clock = fakeClock();
  const seen = { bytes: 0, pieces: 0, isOver: false };
  const send = createHttp1Client({
    origin: `http://127.0.0.1:${(made.address() as AddressInfo).port}`,
    maxConnections: 1,
    timeout: 60_000,
    clock,
  });
  const control = send(
    { method: "GET", path: "/", headers: [], body: null },
    {
      head: () => undefined,
      data(chunk, release) {
        seen.bytes += chunk.length;
        seen.pieces += 1;
        release?.();
      },
      end: () => (seen.isOver = true),
      failed: () => undefined,
      upgraded: () => undefined,
    },
  );
  await expect.poll(() => seen.bytes).toBeGreaterThan(0);
  return { clock, control, seen };
}

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

it("reads an answer of small chunks in its turn, in a few pieces, to its end", async () => {
  const { clock, control, seen } = await ask();
  const first = seen.bytes;
  await turns();
  expect(seen.bytes).toBe(first);
  expect(first).toBeLessThan(CHUNKS);
  // Its turn comes while its reader takes nothing: then it is not read.
  control.pause();
  clock.advance(SLOW_LANE_MS);
  await turns();
  expect(seen.bytes).toBe(first);
  // Its reader takes more before its turn has come: then it is not read either.
  control.resume();
  await expect.poll(() => seen.bytes).toBeGreaterThan(first);
  const second = seen.bytes;
  control.pause();
  control.resume();
  await turns();
  expect(seen.bytes).toBe(second);
  await expect
    .poll(() => {
      clock.advance(SLOW_LANE_MS);
      return seen.isOver;
    })
    .toBe(true);
  expect(seen.bytes).toBe(CHUNKS);
  expect(seen.pieces).toBeLessThan(CHUNKS / 100);
});
