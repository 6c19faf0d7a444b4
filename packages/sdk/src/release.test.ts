import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MayflyError } from "./errors.ts";
import { tryToRelease } from "./release.ts";
import type { Grant } from "./types.generated.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const away = new MayflyError("unreachable", "cannot reach the gateway");
const stopping = new MayflyError("unavailable", "the gateway stops", { status: 503 });
const grant = { id: "gr_1" } as Grant;
const inMs = (ms: number): string => new Date(Date.now() + ms).toISOString();

/** Releases with a gateway that answers each try in turn, and goes on with the last answer. */
async function releaseWith(
  answers: readonly (Grant | MayflyError)[],
  endsAt?: string,
): Promise<{ readonly failed: unknown; readonly tries: number; readonly took: number }> {
  let tries = 0;
  const began = performance.now();
  const trying = tryToRelease(
    {
      release: async () => {
        const answer = answers[Math.min(tries, answers.length - 1)]!;
        tries += 1;
        if (answer instanceof MayflyError) throw answer;
        return answer;
      },
    },
    "gr_1",
    endsAt,
  ).then((failed) => ({ failed, tries, took: performance.now() - began }));
  await vi.runAllTimersAsync();
  return trying;
}

test("a gateway that is away and comes back hears of it", async () => {
  const answers = [away, away, stopping, away, stopping, grant];
  expect(await releaseWith(answers)).toMatchObject({ failed: undefined, tries: 6 });
});

test("it is given up after 10 s", async () => {
  const { failed, tries, took } = await releaseWith([away], inMs(60_000));
  expect(failed).toBe(away);
  expect(tries).toBeGreaterThan(8);
  expect(took).toBeGreaterThan(8_000);
  expect(took).toBeLessThanOrEqual(10_000);
});

test("it is given up when the grant ends", async () => {
  const { failed, tries, took } = await releaseWith([away], inMs(1_000));
  expect(failed).toBe(away);
  expect(tries).toBeGreaterThan(1);
  expect(took).toBeLessThanOrEqual(1_000);
});

test("it is tried once where the gateway refuses", async () => {
  const refused = new MayflyError("token_inactive", "the identity was withdrawn", { status: 401 });
  expect(await releaseWith([refused, grant])).toEqual({ failed: refused, tries: 1, took: 0 });
});

test("an answer that does not come in time is given up, so that another can be asked for", async () => {
  const release = vi.fn<() => Promise<Grant>>(async () => grant);
  await tryToRelease({ release }, "gr_1", undefined);
  expect(release).toHaveBeenCalledWith("gr_1", { timeout: 5_000 });
});
