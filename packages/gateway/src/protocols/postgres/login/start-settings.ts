import type { Granted } from "../guard/granted.ts";
import { durationMs } from "../guard/setting-time.ts";
import { changeableSetting } from "../guard/statements/setting-rules.ts";
import { UpstreamError } from "../upstream/connect.ts";

/** The settings that a client asks for at start-up, judged as SET would be. */
export interface StartSettings {
  /** Time-outs that the gateway shortens too, milliseconds by name; 0 is left out. */
  readonly timeouts: ReadonlyMap<string, number>;
  /** All others, as they go upstream. */
  readonly others: ReadonlyMap<string, string>;
}

/**
 * Judges the settings of a client's start-up by what its grant lets it change.
 * @param bounds the longest that each time-out may be, milliseconds by name
 * @throws UpstreamError of SQLSTATE 22023 for one that it may not have
 */
export function startSettings(
  settings: ReadonlyMap<string, string>,
  granted: Pick<Granted, "onlyReads" | "temporaryTables">,
  searchPath: readonly string[],
  bounds: ReadonlyMap<string, number>,
): StartSettings {
  const timeouts = new Map<string, number>();
  const others = new Map<string, string>();
  for (const [name, value] of settings) {
    const rule = changeableSetting(name);
    const problem = rule?.problem(
      { values: undefined, text: value },
      { writes: !granted.onlyReads, searchPath, timeouts: bounds, temporary: granted.temporaryTables },
    );
    if (rule === undefined || problem !== undefined)
      throw new UpstreamError(
        "22023",
        `the start-up parameter "${name}" ${problem?.what ?? "is not allowed"}`,
        problem?.advice ?? "leave it out",
      );
    if (rule.kind !== "timeout" || !bounds.has(name)) others.set(name, value);
    else if (durationMs(value) !== 0) timeouts.set(name, durationMs(value) ?? 0);
  }
  return { timeouts, others };
}
