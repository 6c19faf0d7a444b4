import type { Granted } from "../guard/granted.ts";
import { isPinnedPath, pathOf, TEMPORARY_SCHEMA } from "../guard/search-path.ts";
import type { TimeLimits } from "./time-limits.ts";
import type { Target } from "../target.ts";

/** What a session is started with upstream. */
export interface UpstreamParameters {
  /** Start-up parameters, those of the time limits included: `RESET` and `DISCARD` go back to them, so they hold for the session's whole life. */
  readonly start: ReadonlyMap<string, string>;
  /** Those that the server reports and that must stay as they are. */
  readonly pinned: ReadonlyMap<string, string>;
}

/** Whether what the server reports of a pinned parameter is what the gateway fixed, or as good. */
export function keepsPin(name: string, pin: string, value: string): boolean {
  if (name !== "search_path") return value === pin;
  const [schemas, pinned] = [pathOf(value), pathOf(pin)];
  return schemas !== undefined && pinned !== undefined && isPinnedPath(schemas, pinned.slice(0, -1));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * What is fixed upstream before a client says anything: how texts are read (the guard's grammar assumes it), where
 * names are looked up, read-only where every operation only reads, and how long anything may take.
 * @param settings what the client asks for and may have
 */
export function upstreamParameters(
  target: Target,
  granted: Granted,
  limits: Pick<TimeLimits, "start">,
  settings: ReadonlyMap<string, string>,
): UpstreamParameters {
  const searchPath = [...target.search_path.map(quoted), TEMPORARY_SCHEMA].join(", ");
  const pinned = new Map([
    ["standard_conforming_strings", "on"],
    ["client_encoding", "UTF8"],
    ["search_path", searchPath],
  ]);
  if (granted.onlyReads) pinned.set("default_transaction_read_only", "on");
  const start = new Map(settings);
  for (const [name, value] of pinned) start.set(name, value);
  // Not ours to set: in another encoding the server folds letters of unquoted names otherwise than the guard does.
  pinned.set("server_encoding", "UTF8");
  for (const [name, value] of limits.start) start.set(name, value);
  return { start, pinned };
}
