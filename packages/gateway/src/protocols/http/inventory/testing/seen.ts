import type { SeenActs } from "../../../../gate/inventory/inventory.ts";

/** Requests as they were seen, each once by one agent unless it is said otherwise. */
export const seen = (act: string, { times = 1, by = "bot" } = {}): SeenActs => ({
  act,
  times,
  by: new Map([[by, times]]),
});
