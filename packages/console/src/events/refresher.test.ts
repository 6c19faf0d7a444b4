import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createRefresher } from "./refresher.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

describe("asking again", () => {
  it("gathers what comes together, and asks once for each", async () => {
    const asked: string[] = [];
    const refresher = createRefresher(async ([name]) => void asked.push(String(name)), 100, 1000);
    refresher.stale([["inbox"], ["live"]]);
    refresher.stale([["inbox"]]);
    expect(asked).toEqual([]);
    await vi.advanceTimersByTimeAsync(100);
    expect(asked).toEqual(["inbox", "live"]);
  });

  it("keeps rounds apart, and forgets nothing that came between them", async () => {
    let rounds = 0;
    const refresher = createRefresher(async () => void (rounds += 1), 100, 1000);
    for (let tenth = 0; tenth < 100; tenth += 1) {
      refresher.stale([["live"]]);
      await vi.advanceTimersByTimeAsync(100);
    }
    expect(rounds).toBe(10);
    await vi.advanceTimersByTimeAsync(1000);
    expect(rounds).toBe(11);
  });

  it("waits for a slow answer instead of starting over, and asks again after it", async () => {
    const answers: (() => void)[] = [];
    const refresher = createRefresher(() => new Promise<void>((resolve) => answers.push(resolve)), 100, 1000);
    refresher.stale([["inbox"]]);
    await vi.advanceTimersByTimeAsync(100);
    refresher.stale([["inbox"]]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(answers.length).toBe(1);
    answers[0]!();
    await vi.advanceTimersByTimeAsync(100);
    expect(answers.length).toBe(2);
  });

  it("goes on after an answer that failed, and stops when told to", async () => {
    let asked = 0;
    const refresher = createRefresher(
      () => {
        asked += 1;
        return Promise.reject(new Error("away"));
      },
      100,
      1000,
    );
    refresher.stale([["inbox"]]);
    await vi.advanceTimersByTimeAsync(100);
    refresher.stale([["inbox"]]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked).toBe(2);
    refresher.stale([["inbox"]]);
    refresher.stop();
    await vi.advanceTimersByTimeAsync(5000);
    expect(asked).toBe(2);
  });
});
