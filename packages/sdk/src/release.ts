import type { MayflyClient } from "./client.ts";
import { isPassing } from "./errors.ts";
import { pause } from "./helpers.ts";

/** For how long a release is tried while the gateway is away, milliseconds: it may restart, or another may take over. */
const MAX_TRYING_MS = 10_000;
/** How long an answer may take, milliseconds: what hangs is tried again over a new connection. */
const MAX_ANSWER_MS = 5_000;
/** The first pause between two tries, and the longest; milliseconds. */
const [FIRST_PAUSE_MS, MAX_PAUSE_MS] = [200, 1_000];

/**
 * Releases a grant. While the gateway does not answer, or answers that it cannot now, it is tried again for some seconds,
 * and no longer than the grant lives. Releasing twice is harmless.
 * @returns what the last try failed with; undefined once it is released
 */
export async function tryToRelease(
  mayfly: Pick<MayflyClient, "release">,
  id: string,
  endsAt: string | undefined,
): Promise<unknown> {
  const life = endsAt === undefined ? Infinity : Date.parse(endsAt) - Date.now();
  const end = performance.now() + Math.min(MAX_TRYING_MS, life);
  for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(ms * 2, MAX_PAUSE_MS)) {
    try {
      await mayfly.release(id, { timeout: MAX_ANSWER_MS });
      return undefined;
    } catch (thrown) {
      if (!isPassing(thrown) || performance.now() + ms >= end) return thrown;
    }
    await pause(ms, undefined);
  }
}
