import { holdsOf } from "./keywords.ts";

/** The names that a schema lists, each by what readers that do not tell upper from lower case take it for. */
export interface ListedNames {
  readonly all: ReadonlySet<string>;
  readonly byFold: ReadonlyMap<string, string>;
}

/**
 * What readers take a name for that look for members in any case: Go's encoding/json (Unicode's simple case folding, so
 * that the long s is an s and the Kelvin sign a k), ASP.NET Core's and Jackson's where they are told to.
 */
function fold(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** Reads which members a schema speaks of by their names, wherever it does. */
export function listedNames(schema: unknown): ListedNames {
  const all = new Set<string>();
  collect(schema, all);
  return { all, byFold: new Map([...all].map((name) => [fold(name), name])) };
}

function collect(schema: unknown, into: Set<string>): void {
  if (typeof schema !== "object" || schema === null) return;
  for (const [keyword, value] of Object.entries(schema) as [string, unknown][]) {
    for (const name of namesIn(keyword, value)) into.add(name);
    const holds = holdsOf(keyword);
    if (holds === "schema") collect(value, into);
    if (holds !== "schemas" && holds !== "schemasByName") continue;
    for (const each of Object.values(value as Readonly<Record<string, unknown>>)) collect(each, into);
  }
}

function namesIn(keyword: string, value: unknown): readonly string[] {
  switch (keyword) {
    case "required":
      return value as readonly string[];
    case "properties":
    case "dependentSchemas":
      return Object.keys(value as object);
    case "dependentRequired":
      return Object.entries(value as Readonly<Record<string, readonly string[]>>).flat(2);
    default:
      return [];
  }
}

/**
 * A name that a schema lists and that a value has in another case: the schema does not judge that member, and the service
 * may read it all the same, even in the place of the one that was judged. Undefined: there is none.
 */
export function caseVariantIn(value: unknown, names: ListedNames): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  if (Array.isArray(value)) {
    for (const each of value) {
      const found = caseVariantIn(each, names);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  for (const [name, each] of Object.entries(value)) {
    const listed = names.all.has(name) ? undefined : names.byFold.get(fold(name));
    const found = listed ?? caseVariantIn(each, names);
    if (found !== undefined) return found;
  }
  return undefined;
}
