import { createServer } from "node:net";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { expect, test } from "vitest";
import { systemClock } from "../kernel/clock.ts";
import { type Place, reachable } from "./reachable.ts";

const places = (count: number): readonly Place[] =>
  Array.from({ length: count }, (_, at) => ({ address: `10.0.0.${at}`, port: 5432 }));

const settle = async (): Promise<void> => {
  for (let i = 0; i < 500; i++) await Promise.resolve();
};

test("what listens is reached, what does not is not", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const at = (where: string): Place => ({ address: where, port });
  const first = await reachable([at("127.0.0.1"), at("::ffff:127.0.0.1"), at("no address")], systemClock);
  expect([...first]).toEqual([`${port} 127.0.0.1`]);
  await new Promise((resolve) => server.close(resolve));
  expect([...(await reachable([at("127.0.0.1")], systemClock))]).toEqual([]);
});

test("each place is dialled once, at most 32 at a time", async () => {
  let [now, most, all] = [0, 0, 0];
  const reached = await reachable([...places(100), ...places(100)], fakeClock(), async () => {
    [now, all] = [now + 1, all + 1];
    most = Math.max(most, now);
    await Promise.resolve();
    now -= 1;
  });
  expect([reached.size, most, all]).toEqual([100, 32, 100]);
});

test("one that hangs is given up after 2 s, and all after 5 s", async () => {
  const clock = fakeClock();
  const signals: AbortSignal[] = [];
  const found = reachable(places(200), clock, async ({ address }, signal) => {
    if (address.endsWith(".40")) return;
    signals.push(signal);
    await new Promise(() => undefined);
  });
  await settle();
  expect(signals).toHaveLength(32);
  clock.advance(2000);
  await settle();
  expect(signals.slice(0, 32).every(({ aborted }) => aborted)).toBe(true);
  expect(signals).toHaveLength(64);
  clock.advance(2000);
  await settle();
  clock.advance(1000);
  expect([...(await found)]).toEqual(["5432 10.0.0.40"]);
  await settle();
  expect([signals.length, signals.every(({ aborted }) => aborted)]).toEqual([96, true]);
});
