import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "./clock.ts";

/** The monotonic clock, which the timers' own may be ahead of. */
let now = 0;

beforeEach(() => {
  now = 1000;
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  vi.spyOn(performance, "now").mockImplementation(() => now);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("what is scheduled", () => {
  it("is called when the monotonic clock says so, though the timer fires too early", () => {
    const run = vi.fn<() => void>();
    systemClock.schedule(250, run);
    now += 249.95;
    vi.advanceTimersByTime(250);
    expect(run).not.toHaveBeenCalled();
    now += 0.05;
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
    now += 1000;
    vi.advanceTimersByTime(1000);
    expect(run).toHaveBeenCalledOnce();
  });

  it.each([0, -5])("is called in the next turn after %d ms", (ms) => {
    const run = vi.fn<() => void>();
    systemClock.schedule(ms, run);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
  });

  it("can be later than a timer can", () => {
    const run = vi.fn<() => void>();
    systemClock.schedule(3e9, run);
    for (const ms of [2_147_483_647, 852_516_352]) {
      now += ms;
      vi.advanceTimersByTime(ms);
      expect(run).not.toHaveBeenCalled();
    }
    now += 1;
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
  });

  it("is not called once it is cancelled, after an early firing too", () => {
    const run = vi.fn<() => void>();
    const cancel = [systemClock.schedule(10, run), systemClock.schedule(10, run)];
    cancel[0]?.();
    now += 9.5;
    vi.advanceTimersByTime(10);
    cancel[1]?.();
    now += 10;
    vi.advanceTimersByTime(10);
    expect(run).not.toHaveBeenCalled();
  });
});
