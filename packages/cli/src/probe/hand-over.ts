import { isPassing, MayflyError, type ProbedHost } from "@mayfly/sdk";
import { note, outJson } from "../print.ts";

/** How long the report is tried while the gateway is away, and how often, milliseconds. */
const HAND_OVER_MS = 15_000;
const AGAIN_MS = 500;

/** Hands the report over, also to a gateway that comes back in a moment. @param found printed where that fails */
export async function handOver(
  send: () => Promise<ProbedHost>,
  found: object | undefined,
  { within = HAND_OVER_MS, again = AGAIN_MS } = {},
): Promise<ProbedHost> {
  const until = performance.now() + within;
  // A try without an answer may have arrived.
  let isLost = false;
  for (;;)
    try {
      // oxlint-disable-next-line no-await-in-loop -- one try after the other
      return await send();
    } catch (thrown) {
      isLost ||= thrown instanceof MayflyError && thrown.code === "unreachable";
      if (!isPassing(thrown) || performance.now() > until) {
        if (found !== undefined) outJson(found);
        note(
          isLost
            ? "mayfly: an answer was lost: mayfly probes says whether this was reported"
            : "mayfly: this was not reported, and its token is spent: have an operator make a new one",
        );
        throw thrown;
      }
      // oxlint-disable-next-line no-await-in-loop -- as above
      await new Promise((resolve) => setTimeout(resolve, again));
    }
}
