import type { SeenActs } from "../../../../gate/inventory/inventory.ts";

/** A message as an act. */
export const message = (method: string, params: object = {}): string =>
  JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });

/** A call of a tool as an act. */
export const call = (name: string, given?: object): string =>
  message("tools/call", { name, ...(given === undefined ? {} : { arguments: given }) });

/** The read of a resource as an act. */
export const reading = (uri: string): string => message("resources/read", { uri });

/** An act as it was seen, once by one agent unless it is said otherwise. */
export const seen = (act: string, { times = 1, by = "bot" } = {}): SeenActs => ({
  act,
  times,
  by: new Map([[by, times]]),
});
