import { expect, test } from "vitest";
import { boundedChannel } from "./relay.ts";

test("what a worker does not read is bounded, and goes on once it reads", () => {
  const unread: ((error: Error | null) => void)[] = [];
  const channel = boundedChannel({ connected: true, send: (_, sent) => unread.push(sent) > 0 });
  const message = { kind: "reload" } as const;
  for (let count = 0; count < 4096; count += 1) expect(channel.tell(message)).toBe(true);
  expect(channel.tell(message)).toBe(false);
  unread[0]?.(null);
  expect(channel.tell(message)).toBe(true);
  expect(channel.tell(message)).toBe(false);
});

test("a worker that is gone is told nothing", () => {
  const channel = boundedChannel({
    connected: false,
    send: () => {
      throw new Error("it is gone");
    },
  });
  expect(channel.tell({ kind: "reload" })).toBe(false);
});
