import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ATTEMPT_MS, createCourier, type CourierParts } from "./courier.ts";
import type { LeavingCheckpoint } from "./destination.ts";
import { checkpointOf } from "./testing/scene.ts";

const unheard: unknown[] = [];
const hear = (error: unknown): void => void unheard.push(error);
let others: NodeJS.UnhandledRejectionListener[] = [];
beforeEach(() => {
  unheard.length = 0;
  others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection").on("unhandledRejection", hear);
});
afterEach(() => {
  process.removeListener("unhandledRejection", hear);
  for (const listener of others) process.on("unhandledRejection", listener);
});

/** Rejections that nobody hears are told once a turn is over. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

function scene(prepare: CourierParts["prepare"]) {
  const clock = fakeClock();
  const said: string[] = [];
  const brought: number[] = [];
  const courier = createCourier({
    name: "there",
    kind: "file",
    destination: { deliver: async ({ size }) => void brought.push(size), close: () => undefined },
    clock,
    prepare,
    onFailed: (message) => said.push(message),
    onRecovered: (records) => said.push(`back at ${records}`),
    onSettled: () => undefined,
  });
  return { clock, said, brought, courier };
}

test("a stop while a checkpoint still waits for cosignatures is heard, and nothing leaves after it", async () => {
  const waits = Promise.withResolvers<LeavingCheckpoint>();
  const { said, brought, courier } = scene(() => waits.promise);
  courier.offer(checkpointOf(1));
  courier.go();
  await courier.close();
  expect(said).toEqual(["the gateway stops"]);
  waits.resolve(checkpointOf(1));
  courier.go();
  await turns();
  expect(said).toEqual(["the gateway stops"]);
  expect(brought).toEqual([]);
  expect(unheard).toEqual([]);
});

test("an attempt has its time, also while it waits for what it brings; the next one comes once that is over", async () => {
  const waits = Promise.withResolvers<LeavingCheckpoint>();
  const prepared = [waits.promise, Promise.resolve(checkpointOf(1))];
  const { clock, said, brought, courier } = scene(
    () => prepared.shift() ?? Promise.reject(new Error("none")),
  );
  courier.offer(checkpointOf(1));
  courier.go();
  clock.advance(ATTEMPT_MS);
  await courier.settled();
  waits.reject(new Error("the cosignatures are lost"));
  await turns();
  expect(said).toEqual(["not done within 30 s"]);
  clock.advance(5000);
  await courier.settled();
  expect(said).toEqual(["not done within 30 s", "back at 1"]);
  expect(brought).toEqual([1]);
  expect(unheard).toEqual([]);
  await courier.close();
});
