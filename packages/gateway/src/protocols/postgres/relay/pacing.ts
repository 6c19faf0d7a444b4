import type { Clock } from "../../../kernel/clock.ts";

/** Does what can wait a moment after what cannot, a few at a time. */
export type Pacing = (task: () => void) => void;

/** So many are done at once, at the end of their turn. */
const AT_ONCE = 16;
/** Many wait so long, and then so many are done each time, so often; milliseconds. */
const WAIT_MS = 500;
const EVERY_MS = 20;

/**
 * When a thousand sessions end in one moment, their clients must hear of it in that moment. A database that ends a
 * thousand idle processes takes the processor for a second: they are ended behind it, and not all together.
 */
export function createPacing(clock: Clock): Pacing {
  const waiting: (() => void)[] = [];
  let isScheduled = false;

  const some = (): void => {
    for (const task of waiting.splice(0, AT_ONCE)) task();
    if (waiting.length > 0) clock.schedule(EVERY_MS, some);
    else isScheduled = false;
  };

  return (task) => {
    waiting.push(task);
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      if (waiting.length > AT_ONCE) clock.schedule(WAIT_MS, some);
      else some();
    });
  };
}
