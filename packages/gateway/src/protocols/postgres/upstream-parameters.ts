import type { NamedScope } from "../../gate/protocol.ts";
import type { PostgresScope } from "./scope.ts";
import type { Startup } from "./startup.ts";
import type { TimeLimits } from "./time-limits.ts";
import type { Target } from "./target.ts";

/** What a session is started with upstream. */
export interface UpstreamParameters {
  /** Start-up parameters, those of the time limits included: `RESET` and `DISCARD` go back to them, so they hold for the session's whole life. */
  readonly start: ReadonlyMap<string, string>;
  /** Those that the server reports and that must stay as they are. */
  readonly pinned: ReadonlyMap<string, string>;
}

/** Kinds of statements that only read. */
const reading: ReadonlySet<string> = new Set(["select", "copy_to"]);

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/**
 * What is fixed upstream before a client says anything: how texts are read (the guard's grammar assumes it), where
 * names are looked up, read-only where every operation only reads, and how long anything may take.
 */
export function upstreamParameters(
  target: Target,
  scopes: readonly NamedScope<PostgresScope>[],
  limits: TimeLimits,
  startup: Startup,
): UpstreamParameters {
  // pg_temp last, by name: it would otherwise be searched first, and a temporary table could stand in for a real one.
  const searchPath = [...target.search_path.map(quoted), "pg_temp"].join(", ");
  const pinned = new Map([
    ["standard_conforming_strings", "on"],
    ["client_encoding", "UTF8"],
    ["search_path", searchPath],
  ]);
  const readOnly = scopes.every(({ scope }) => scope.statements.every((kind) => reading.has(kind)));
  if (readOnly) pinned.set("default_transaction_read_only", "on");
  const start = new Map(startup.settings);
  for (const [name, value] of pinned) start.set(name, value);
  // Not ours to set: in another encoding the server folds letters of unquoted names otherwise than the guard does.
  pinned.set("server_encoding", "UTF8");
  for (const [name, value] of limits.start) start.set(name, value);
  return { start, pinned };
}

/** The shortest time-out of the operations, milliseconds; Infinity where they have none. */
export function shortestTimeout(scopes: readonly NamedScope<PostgresScope>[]): number {
  return Math.min(
    Number.POSITIVE_INFINITY,
    ...scopes.map(({ scope }) => scope.timeout ?? Number.POSITIVE_INFINITY),
  );
}
