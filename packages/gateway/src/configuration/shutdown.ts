import * as z from "zod";
import { duration } from "../kernel/durations.ts";

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;

/** How a gateway leaves when it is asked to stop. */
export interface ShutdownConfiguration {
  /** How long open sessions may go on once no new one is opened, milliseconds; 0: a stop ends them at once. */
  readonly drain: number;
  /** How long `/readyz` says that the gateway leaves before it opens no more sessions, milliseconds. */
  readonly announce: number;
  /** Whether PostgreSQL sessions that are between transactions are ended, so that their clients move to another gateway. */
  readonly endIdle: boolean;
}

export const shutdown = z.strictObject({
  drain: duration(0, 24 * 60 * MINUTE_MS)
    .default(0)
    .meta({
      description: "How long open sessions may go on after SIGTERM; left out: they are ended at once",
    }),
  announce: duration(0, 5 * MINUTE_MS)
    .default(5 * SECOND_MS)
    .meta({
      description: "How long /readyz answers 503 before the drain begins, for load balancers to notice",
    }),
  end_idle: z.boolean().default(false).meta({
    description: "End PostgreSQL sessions between transactions, so that clients connect to another gateway",
  }),
});

/** @param written as the schema reads it */
export function shutdownOf({
  drain,
  announce,
  end_idle: endIdle,
}: z.output<typeof shutdown>): ShutdownConfiguration {
  return { drain, announce, endIdle };
}
