import { namePattern } from "../../configuration/fields.ts";
import type { InventoriedKind } from "./kind.ts";
import { MayflyError } from "../../kernel/errors.ts";
import { parseDuration } from "../../kernel/durations.ts";

/** What is asked of `mayflyd inventory` beside its sources. */
export interface InventoryOptions {
  readonly connection: string;
  /** Left out: what the configuration, the format or the sources say. */
  readonly kind?: string;
  /** Left out: there is no configuration yet. */
  readonly config?: string;
  readonly check: boolean;
  readonly unused: boolean;
  /** Left out: what each source says of itself by how it begins. */
  readonly format?: string;
  /** Those whose acts count; empty: everybody's. */
  readonly by: readonly string[];
  readonly database?: string;
  readonly host?: string;
  readonly since?: string;
  readonly minSeen: number;
  /** A file with what the target holds. */
  readonly schema?: string;
  readonly searchPath?: string;
  readonly json: boolean;
}

/** How long ago the first act was that counts, milliseconds. @throws MayflyError */
export function sinceOf({ since }: InventoryOptions): number | undefined {
  if (since === undefined) return undefined;
  const duration = parseDuration(since);
  if (duration !== undefined) return duration;
  throw new MayflyError("bad_duration", `--since ${since} is no duration`, {
    hint: "a number and a unit: 90d, 12h",
  });
}

/** @throws MayflyError where options contradict each other */
export function checkOptions(options: InventoryOptions): void {
  const { check, unused, config, connection, searchPath, minSeen } = options;
  if (!namePattern.test(connection))
    throw new MayflyError("bad_name", `${JSON.stringify(connection)} is no connection's name`, {
      hint: "lower-case letters, digits and hyphens, a letter first: orders-db",
    });
  if (config !== undefined && searchPath !== undefined)
    throw new MayflyError("bad_options", "--search-path is for a connection that is not configured yet", {
      hint: "the configuration says it: search_path",
    });
  if ((check || unused) && minSeen !== 1)
    throw new MayflyError("bad_options", "--min-seen is about what is proposed", { hint: "leave it out" });
  if (check && unused)
    throw new MayflyError("bad_options", "--check and --unused are two questions", {
      hint: "ask one at a time",
    });
  if ((check || unused) && config === undefined)
    throw new MayflyError("bad_options", `${check ? "--check" : "--unused"} needs a configuration`, {
      hint: "say which: -c mayfly.yaml",
    });
}

/**
 * The part of the target that is asked for.
 * @throws MayflyError where an option is about another kind of connection
 */
export function partOf(
  { database, host, searchPath, schema }: InventoryOptions,
  { kind, inventory: { part, structure } }: InventoriedKind,
): string | undefined {
  if (schema !== undefined && structure === undefined)
    throw new MayflyError("bad_options", `--schema is not for ${kind}`, { hint: "leave it out" });
  if (searchPath !== undefined && kind !== "postgres")
    throw new MayflyError("bad_options", `--search-path is for postgres, not for ${kind}`, {
      hint: "leave it out",
    });
  const parts: Readonly<Record<string, string | undefined>> = { database, host };
  for (const [name, asked] of Object.entries(parts))
    if (asked !== undefined && name !== part)
      throw new MayflyError("bad_options", `--${name} is not for ${kind}`, {
        hint: part !== undefined && part in parts ? `--${part} says which ${part}` : "leave it out",
      });
  return part === undefined ? undefined : parts[part];
}
