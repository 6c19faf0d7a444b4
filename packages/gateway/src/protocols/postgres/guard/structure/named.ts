import type { PostgresScope } from "../../scope.ts";

/** What of a database's structure may be seen: what the operations of a grant name, together. */
export interface Named {
  /** Tables of which every column may be seen, by schema. */
  readonly full: ReadonlyMap<string, ReadonlySet<string>>;
  /** Tables of which these columns may be seen, by `schema.name`. */
  readonly part: ReadonlyMap<string, ReadonlySet<string>>;
  readonly functions: ReadonlyMap<string, ReadonlySet<string>>;
  readonly types: ReadonlyMap<string, ReadonlySet<string>>;
  /** Schemas that hold any of it, and those of the search path. */
  readonly schemas: ReadonlySet<string>;
}

type Uses = "all" | readonly string[] | undefined;

/** Puts together what operations name. */
export function namedBy(scopes: readonly PostgresScope[], searchPath: readonly string[]): Named {
  const columns = new Map<string, "all" | Set<string>>();
  for (const { tables } of scopes) {
    for (const [name, entry] of Object.entries(tables)) {
      const uses: readonly Uses[] =
        typeof entry === "string" ? ["all"] : Array.isArray(entry) ? [entry] : usesOf(entry);
      const known = columns.get(name) ?? new Set<string>();
      if (known === "all" || uses.includes("all")) columns.set(name, "all");
      else columns.set(name, new Set([...known, ...uses.flatMap((use) => use ?? [])]));
    }
  }
  const full = [...columns].filter(([, listed]) => listed === "all").map(([name]) => name);
  const part = [...columns].flatMap(([name, listed]) => (listed === "all" ? [] : [[name, listed] as const]));
  const functions = bySchema(scopes.flatMap((scope) => scope.functions));
  const types = bySchema(scopes.flatMap((scope) => scope.types));
  const schemas = [...bySchema([...columns.keys()]).keys(), ...functions.keys(), ...types.keys()];
  return {
    full: bySchema(full),
    part: new Map(part),
    functions,
    types,
    schemas: new Set([...schemas, ...searchPath]),
  };
}

function usesOf(entry: {
  readonly select?: Uses;
  readonly insert?: Uses;
  readonly update?: Uses;
  readonly where?: Uses;
}): readonly Uses[] {
  return [entry.select, entry.insert, entry.update, entry.where];
}

export function bySchema(names: readonly string[]): ReadonlyMap<string, ReadonlySet<string>> {
  const schemas = new Map<string, Set<string>>();
  for (const full of names) {
    const dot = full.indexOf(".");
    const schema = full.slice(0, dot);
    schemas.set(schema, (schemas.get(schema) ?? new Set()).add(full.slice(dot + 1)));
  }
  return schemas;
}
