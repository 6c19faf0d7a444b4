import { expect, it } from "vitest";
import { fakeClock } from "@mayfly/testing/fake-clock.ts";
import { createGuesses, TooManyGuesses } from "./guesses.ts";

const wrong = (): Promise<boolean> => Promise.resolve(false);
const good = (): Promise<boolean> => Promise.resolve(true);

it("looks at so many made-up secrets of an address, and no more, without a word to others", async () => {
  const clock = fakeClock();
  const guesses = createGuesses(clock);
  for (let at = 0; at < 20; at += 1) expect(await guesses.guess({ address: "10.0.0.1" }, wrong)).toBe(false);
  await expect(guesses.guess({ address: "10.0.0.1" }, good)).rejects.toThrow(TooManyGuesses);
  expect(await guesses.guess({ address: "10.0.0.2" }, wrong)).toBe(false);
  clock.advance(1000);
  expect(await guesses.guess({ address: "10.0.0.1" }, wrong)).toBe(false);
});

it("looks at the secret of a grant that lives, however many are made up, and counts no good one", async () => {
  const guesses = createGuesses(fakeClock());
  let refused = 0;
  for (let at = 0; at < 500; at += 1)
    await guesses.guess({ address: `10.0.${at}.1` }, wrong).catch(() => (refused += 1));
  expect(refused).toBe(300);
  for (let at = 0; at < 100; at += 1) expect(await guesses.guess({ grant: "gr_1" }, good)).toBe(true);
});

it("looks at so many at a time", async () => {
  const guesses = createGuesses(fakeClock());
  const waiting = Array.from({ length: 20 }, () =>
    guesses.guess({ grant: "gr_1" }, () => new Promise(() => undefined)),
  );
  const refused = await Promise.race(waiting.map((each) => each.catch((error: unknown) => error)));
  expect(refused).toBeInstanceOf(TooManyGuesses);
});
