import { refuseForever } from "../denied.ts";

/** The method of TABLESAMPLE is a function by name. */
export function checkSampling(name: readonly string[]): void {
  const bare = name.at(-1) ?? "";
  const ours = name.length === 1 || (name.length === 2 && name[0] === "pg_catalog");
  if (!ours || (bare !== "system" && bare !== "bernoulli"))
    refuseForever("functions", "no other sampling methods than system and bernoulli are granted");
}
