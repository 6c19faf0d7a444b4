import type { SeenActs } from "../../../../gate/inventory/inventory.ts";

/** Requests as they were seen, each once by one agent unless it is said otherwise. */
export const seen = (act: string, { times = 1, by = "bot" } = {}): SeenActs => ({
  act,
  times,
  by: new Map([[by, times]]),
});

/** A request that writes a body. */
export const writing = (line: string, body: unknown, type = "application/json"): string =>
  `${line}\ncontent-type: ${type}\n\n${JSON.stringify(body)}`;

/** A command in a pod of `shop`. */
export const exec = (
  pod: string,
  argv: readonly string[],
  more: Readonly<Record<string, string>> = {},
): string => {
  const query = new URLSearchParams({ container: "app", stdout: "true", ...more });
  for (const each of argv) query.append("command", each);
  return `GET /api/v1/namespaces/shop/pods/${pod}/exec?${query.toString()}\nupgrade: websocket`;
};
