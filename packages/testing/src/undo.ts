import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

/** What was started, to be ended in the opposite order. */
export interface Started {
  /** Remembers how to end something. */
  readonly onStop: (end: () => unknown) => void;
  /** Ends everything that was started so far. @throws AggregateError of what could not be ended, once the rest is */
  readonly stop: () => Promise<void>;
  /** Makes a temporary folder that is removed at the end. */
  readonly folder: (name: string) => Promise<string>;
}

/** Runs `start`; when it fails, what it had started is ended. */
export async function startAll<T>(start: (started: Started) => Promise<T>): Promise<T> {
  const ends: (() => unknown)[] = [];
  const started: Started = {
    onStop: (end) => void ends.push(end),
    async stop() {
      const failed: unknown[] = [];
      for (const end of ends.splice(0).toReversed())
        // What cannot be ended keeps nothing else from being ended.
        await Promise.resolve()
          .then(end)
          .catch((error: unknown) => failed.push(error));
      if (failed.length > 0) throw new AggregateError(failed, `not ended: ${failed.map(String).join("; ")}`);
    },
    async folder(name) {
      const folder = await mkdtemp(path.join(tmpdir(), `mayfly-${name}-`));
      ends.push(() => rm(folder, { recursive: true, force: true }));
      return folder;
    },
  };
  try {
    return await start(started);
  } catch (error) {
    await started.stop().catch((late: unknown) => console.error(late));
    throw error;
  }
}
