import { expect, test } from "vitest";
import { LoadTooShort, perOperation, spentWithin, untilCounted, type Sample } from "./sampler.ts";

const sample = (at: number, user: number, kernel: number): Sample => ({
  at,
  times: { peer: { user, kernel } },
});

test("only what was spent within the span counts", () => {
  const samples = [
    sample(0, 0, 0),
    sample(100, 900, 90),
    sample(200, 1000, 100),
    sample(300, 1200, 150),
    sample(400, 5000, 900),
  ];
  expect(spentWithin(samples, 50, 350)).toEqual({ ms: 200, times: { peer: { user: 300, kernel: 60 } } });
});

test("a span with fewer than two readings is refused", () => {
  expect(() => spentWithin([sample(0, 0, 0), sample(100, 1, 1)], 50, 150)).toThrow("too short");
  expect(() => spentWithin([], 0, 100)).toThrow("too short");
});

test("what was spent is shared among the operations", () => {
  const spent = { ms: 100, times: { peer: { user: 30_000, kernel: 10_001 } } };
  expect(perOperation(spent, 1000)).toEqual({ peer: { user: 30, kernel: 10 } });
});

test("a load that was too short is run again, and no other failure is", async () => {
  const failures = [new LoadTooShort(), new LoadTooShort()];
  const once = (): Promise<string> => {
    const failure = failures.shift();
    return failure === undefined ? Promise.resolve("counted") : Promise.reject(failure);
  };
  await expect(untilCounted(once)).resolves.toBe("counted");
  await expect(untilCounted(() => Promise.reject(new LoadTooShort()))).rejects.toThrow(LoadTooShort);
  let runs = 0;
  const broken = (): Promise<never> => {
    runs += 1;
    return Promise.reject(new Error("wrk failed"));
  };
  await expect(untilCounted(broken)).rejects.toThrow("wrk failed");
  expect(runs).toBe(1);
});
