import { expect, test } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createPacing } from "./pacing.ts";

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(() => setImmediate(resolve)));

test("a few are done at the end of their turn, many after a while and not all together", async () => {
  const clock = fakeClock();
  const pacing = createPacing(clock);
  let done = 0;
  const task = (): void => {
    done += 1;
  };
  pacing(task);
  expect(done).toBe(0);
  await turn();
  expect(done).toBe(1);
  for (let each = 0; each < 40; each += 1) pacing(task);
  await turn();
  expect(done).toBe(1);
  clock.advance(500);
  expect(done).toBe(17);
  clock.advance(20);
  expect(done).toBe(33);
  pacing(task);
  clock.advance(20);
  expect(done).toBe(42);
  pacing(task);
  await turn();
  expect(done).toBe(43);
});
