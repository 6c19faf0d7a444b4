import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { createSharedTimeout } from "./shared-timeout.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it("tells each that waits too long, when it has, and nobody else", async () => {
  const waiting = createSharedTimeout(1000, () => Date.now());
  const late: string[] = [];
  waiting.add(() => late.push("first"));
  await vi.advanceTimersByTimeAsync(400);
  const second = waiting.add(() => late.push("second"));
  await vi.advanceTimersByTimeAsync(300);
  waiting.add(() => late.push("third"));
  await vi.advanceTimersByTimeAsync(299);
  expect(late).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(late).toEqual(["first"]);
  waiting.delete(second);
  waiting.delete(second);
  await vi.advanceTimersByTimeAsync(699);
  expect(late).toEqual(["first"]);
  await vi.advanceTimersByTimeAsync(1);
  expect(late).toEqual(["first", "third"]);
  expect(vi.getTimerCount()).toBe(0);
  waiting.add(() => late.push("fourth"));
  await vi.advanceTimersByTimeAsync(1000);
  expect(late).toEqual(["first", "third", "fourth"]);
});
