import { createHash } from "node:crypto";
import type { Found, Owners } from "../../guard/found/found.ts";

export type Row = readonly (string | null)[];

/** What an answer says. @throws Error when a row is not one that was asked for */
export function foundOf(rows: readonly Row[]): Found {
  const relations = new Set<string>();
  const reads = new Map<string, Set<string>>();
  const functions = new Set<string>();
  const procedures = new Set<string>();
  const partitions = new Map<string, Set<string>>();
  const fields = new Map<string, Map<string, Set<string>>>();
  const results = new Map<string, string | null>();
  const operators = createOwners();
  const extensionFunctions = createOwners();
  const extensionTypes = createOwners();
  const serverSettings = new Set<string>();
  const read: Readonly<Record<string, (name: string, second: string | null, third: string | null) => void>> =
    {
      relation: (name) => void relations.add(name),
      reads: (view, table) => add(reads, view, certain(table)),
      function: (name) => void functions.add(name),
      procedure: (name) => void procedures.add(name),
      partition: (whole, part) => add(partitions, whole, certain(part)),
      field(table, column, field) {
        const columns = fields.get(table) ?? new Map<string, Set<string>>();
        fields.set(table, columns);
        add(columns, certain(column), certain(field));
      },
      result(name, columns) {
        // Overloads that disagree: which of them a call means is not certain.
        results.set(name, results.has(name) && results.get(name) !== columns ? null : columns);
      },
      operator: operators.add,
      "extension function": extensionFunctions.add,
      "extension type": extensionTypes.add,
      setting: (name) => void serverSettings.add(name),
    };
  for (const [kind, name, second = null, third = null] of rows) {
    const take = typeof kind === "string" && Object.hasOwn(read, kind) ? read[kind] : undefined;
    if (take === undefined || typeof name !== "string") throw new TypeError("an answer to no question");
    take(name, second, third);
  }
  return {
    key: createHash("sha256")
      .update(JSON.stringify(rows.map((row) => JSON.stringify(row)).toSorted()))
      .digest("hex"),
    relations,
    reads,
    functions,
    procedures,
    partitions,
    fields,
    results: new Map([...results].flatMap(([name, columns]) => resultOf(name, columns))),
    operators: operators.owners,
    extensionFunctions: extensionFunctions.owners,
    extensionTypes: extensionTypes.owners,
    serverSettings,
  };
}

function resultOf(name: string, columns: string | null): readonly (readonly [string, readonly string[]])[] {
  const names: unknown = columns === null ? [] : JSON.parse(columns);
  // Columns without a name are called by their place (`column1`): nobody needs them so much.
  const isCertain =
    Array.isArray(names) &&
    names.length > 0 &&
    names.every((each) => typeof each === "string" && (each !== "" || names.length === 1));
  return isCertain ? [[name, names as string[]]] : [];
}

function certain(name: string | null): string {
  if (name === null) throw new TypeError("an answer without a name");
  return name;
}

function add(names: Map<string, Set<string>>, name: string, more: string): void {
  const set = names.get(name) ?? new Set();
  names.set(name, set.add(more));
}

function createOwners(): {
  readonly owners: Owners;
  readonly add: (name: string, owner: string | null, bare: string | null) => void;
} {
  const full = new Map<string, Set<string>>();
  const bare = new Map<string, Set<string>>();
  return {
    owners: { full, bare },
    add(name, owner, onPath) {
      add(full, name, certain(owner));
      if (onPath !== null) add(bare, onPath, certain(owner));
    },
  };
}
