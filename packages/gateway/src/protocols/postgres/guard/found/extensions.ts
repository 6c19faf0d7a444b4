import type { Found, NamesByName, Owners } from "./found.ts";

/** Names that mean something of certain extensions and nothing else, whatever the types of their arguments. */
export interface Names {
  /** As `schema.name`. */
  readonly full: ReadonlySet<string>;
  /** Bare, by the fixed search path. */
  readonly bare: ReadonlySet<string>;
}

export interface ExtensionNames {
  readonly operators: Names;
  readonly functions: Names;
  readonly types: Names;
}

/** What belongs to these extensions. A name that something else has too, on which it could be called, is left out. */
export function coveredBy(extensions: readonly string[], found: Found): ExtensionNames {
  const ofThese = (owners: NamesByName): ReadonlySet<string> =>
    new Set(
      [...owners]
        .filter(([, each]) => [...each].every((owner) => extensions.includes(owner)))
        .map(([name]) => name),
    );
  const names = ({ full, bare }: Owners): Names => ({ full: ofThese(full), bare: ofThese(bare) });
  return {
    operators: names(found.operators),
    functions: names(found.extensionFunctions),
    types: names(found.extensionTypes),
  };
}

/** Whether a name, of a schema or bare, is among them. */
export function isAmong({ full, bare }: Names, schema: string | undefined, name: string): boolean {
  return schema === undefined ? bare.has(name) : full.has(`${schema}.${name}`);
}
