import type { Compiled } from "../compile.ts";
import type { SettingRule } from "./setting-rules.ts";

/** A setting of the application's own takes whatever it is given: PostgreSQL stores it and does nothing with it. */
const own: SettingRule = { kind: "free", problem: () => undefined };

/** The rule of a setting that the scope lists; PostgreSQL does not tell its letters' case apart. */
export function ownSetting(name: string, scope: Compiled): SettingRule | undefined {
  return scope.settings.has(name.toLowerCase()) ? own : undefined;
}
