import { getAccess } from "@mayfly/testing/api.ts";
import type { World } from "@mayfly/testing/world.ts";
import { newMark } from "./load.ts";
import { clientOf, until } from "./world.ts";

/** Readers at work, of whom every answer and every refusal is known with its time. */
export interface WatchedLoad {
  /** When each was sent and answered, by `performance.now`. */
  readonly answered: readonly { readonly mark: string; readonly sentAt: number; readonly at: number }[];
  readonly refused: readonly { readonly why: string; readonly at: number }[];
  /** Waits for so many answers more. @throws Error when they do not come */
  answers(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Three readers on one grant, each on a connection that it keeps, whatever is refused. */
export async function watchedLoad(world: World): Promise<WatchedLoad> {
  const answered: { mark: string; sentAt: number; at: number }[] = [];
  const refused: { why: string; at: number }[] = [];
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;
  const access = await getAccess(world.gateway, await world.agentToken(), "orders-db", ["read-orders"]);

  async function read(): Promise<void> {
    while (!isOver()) {
      try {
        const client = await clientOf(world, access);
        try {
          for (;;) {
            if (isOver()) break;
            const mark = newMark("read");
            const sentAt = performance.now();
            try {
              await client.query(`select '${mark}' as mark, id from orders where id = 7`);
              answered.push({ mark, sentAt, at: performance.now() });
            } catch (error) {
              refused.push({ why: wordsOf(error), at: performance.now() });
              if ((error as { severity?: string }).severity !== "ERROR") break;
              await new Promise((resolve) => setTimeout(resolve, 10));
            }
          }
        } finally {
          await client.end().catch(() => undefined);
        }
      } catch {
        // Nobody is let in now: tried again.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }
  const all = [read(), read(), read()];
  return {
    answered,
    refused,
    async answers(count) {
      const wanted = answered.length + count;
      if (!(await until(() => answered.length >= wanted, 60_000)))
        throw new Error(`only ${answered.length} statements were answered: ${refused.at(-1)?.why ?? ""}`);
    },
    async stop() {
      over.abort();
      await Promise.all(all);
    },
  };
}

function wordsOf(error: unknown): string {
  const { message, detail, hint } = error as { message: string; detail?: string; hint?: string };
  return [message, detail, hint].filter((part) => part !== undefined).join(" | ");
}
