import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createTurns } from "../../kernel/turns.ts";
import type { Destination, Handover } from "../destination.ts";
import { range, recordsOf, turns } from "../testing/stream.ts";
import { patientDestination } from "./patient.ts";

const never = new AbortController().signal;
const batch = { records: recordsOf(range(0, 2)), next: 2 };
const arrived: Handover = { kind: "delivered", delivered: 2 };

/** Destinations on file systems that hang until they are told to go on. */
function hungScene() {
  const clock = fakeClock();
  const inTurn = createTurns(1);
  const goOn: (() => void)[] = [];
  let calls = 0;
  let closed = 0;
  const make = (): Destination =>
    patientDestination(
      {
        send: () => {
          calls += 1;
          return new Promise((resolve) => goOn.push(() => resolve(arrived)));
        },
        close: () => {
          closed += 1;
          return Promise.resolve();
        },
      },
      inTurn,
      clock,
    );
  return { clock, goOn, make, calls: () => calls, closed: () => closed };
}
/** What comes of something once so much time has passed. */
async function after<T>(work: Promise<T>, pass: () => void): Promise<T> {
  await turns();
  pass();
  return work;
}

test("a file system that hangs is a failure, and has one call under way, whatever is tried again", async () => {
  const at = hungScene();
  const destination = at.make();
  for (let n = 0; n < 3; n += 1)
    expect(await after(destination.send(batch, never), () => at.clock.advance(30_000))).toMatchObject({
      kind: "failed",
      why: /file system has not answered/,
    });
  expect(at.calls()).toBe(1);
  at.goOn[0]?.();
  // The stream was told of a failure: what came late is written again.
  const again = destination.send(batch, never);
  await turns();
  at.goOn[1]?.();
  expect(await again).toEqual(arrived);
  expect(at.calls()).toBe(2);
});

test("destinations of hung file systems share their turns: one call in all", async () => {
  const at = hungScene();
  const sent = [at.make(), at.make(), at.make()].map((destination) => destination.send(batch, never));
  const told = await after(Promise.all(sent), () => at.clock.advance(30_000));
  expect(told.map(({ kind }) => kind)).toEqual(["failed", "failed", "failed"]);
  expect(at.calls()).toBe(1);
});

test("a stop waits for no file system that hangs", async () => {
  const at = hungScene();
  const destination = at.make();
  const stopping = new AbortController();
  const sent = destination.send(batch, stopping.signal);
  await turns();
  stopping.abort();
  expect(await sent).toEqual({ kind: "failed", why: "the gateway stops" });
  await after(destination.close(), () => at.clock.advance(1000));
  expect(at.closed()).toBe(0);
  at.goOn[0]?.();
  await turns();
  expect(at.closed()).toBe(1);
});
