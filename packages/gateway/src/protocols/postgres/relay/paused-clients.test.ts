import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createPausedClients, LOOK_EVERY_MS } from "./paused-clients.ts";

test("a client is probed once it was paused at two looks in a row, and again at each one after", () => {
  const clock = fakeClock();
  const state = { isPaused: true, read: 0, probes: 0 };
  const forget = createPausedClients(clock).watch({
    isPaused: () => state.isPaused,
    read: () => state.read,
    probe: () => (state.probes += 1),
  });
  const looks = (paused: readonly boolean[]): number[] =>
    paused.map((isPaused) => {
      state.isPaused = isPaused;
      clock.advance(LOOK_EVERY_MS);
      return state.probes;
    });
  expect(looks([true, true, true, false, true, false, true, true])).toEqual([0, 1, 2, 2, 2, 2, 2, 3]);
  // Paused whenever it is looked, and read in between: it is only faster than its server.
  for (let look = 0; look < 3; look += 1) {
    state.read += 1;
    expect(looks([true])).toEqual([3]);
  }
  expect(looks([true])).toEqual([4]);
  forget();
  expect(looks([true, true])).toEqual([4, 4]);
});

test("sessions that come when none was left are looked at too", () => {
  const clock = fakeClock();
  const paused = createPausedClients(clock);
  const probed: string[] = [];
  const watch = (name: string): (() => void) =>
    paused.watch({ isPaused: () => true, read: () => 0, probe: () => probed.push(name) });
  watch("first")();
  clock.advance(3 * LOOK_EVERY_MS);
  watch("second");
  clock.advance(2 * LOOK_EVERY_MS);
  expect(probed).toEqual(["second"]);
});
