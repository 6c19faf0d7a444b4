import { expect, test } from "vitest";
import { mintPermit } from "../../../gate/permit.ts";
import { forwardOverSpdy } from "./forward.ts";
import { createSpdyHeaderWriter, encodeReset } from "./spdy.ts";

/** Forwarded ports, whatever they are; the acts that were permitted, and those that are over. */
function forwarding() {
  const [judged, over]: [number[], number[]] = [[], []];
  const streams = forwardOverSpdy((port) => {
    const intent = judged.push(port);
    return Promise.resolve({
      permit: mintPermit(intent, "prod/forward", {}),
      done: () => void over.push(intent),
    });
  });
  const writer = createSpdyHeaderWriter();
  const opened = (stream: number, streamtype: string, requestid: string, port = "8080"): Promise<Buffer> =>
    writer.synStream(stream, { streamtype, port, requestid });
  return { judged, over, streams, opened };
}

test("a connection of which one stream was opened and reset is over, and nothing of it is kept", async () => {
  const { judged, over, streams, opened } = forwarding();
  for (let at = 0; at < 50; at += 1) {
    // oxlint-disable no-await-in-loop -- the blocks share one zlib stream
    await streams.up.feed(await opened(2 * at + 1, "error", String(at)));
    await streams.up.feed(encodeReset(2 * at + 1));
    // oxlint-enable no-await-in-loop
  }
  expect(judged).toHaveLength(50);
  expect(over).toHaveLength(50);
  streams.close();
  expect(over).toHaveLength(50);
});

test("what comes under the number of a connection that is over is judged anew", async () => {
  const { judged, over, streams, opened } = forwarding();
  await streams.up.feed(await opened(1, "error", "7"));
  await streams.up.feed(encodeReset(1));
  const onward = await streams.up.feed(await opened(3, "data", "7", "9090"));
  expect(onward).not.toEqual([]);
  expect(judged).toEqual([8080, 9090]);
  await streams.up.feed(await opened(5, "error", "7", "9090"));
  expect(judged).toEqual([8080, 9090]);
  await streams.up.feed(encodeReset(3));
  expect(over).toEqual([1]);
  await streams.up.feed(encodeReset(5));
  expect(over).toEqual([1, 2]);
  streams.close();
});
