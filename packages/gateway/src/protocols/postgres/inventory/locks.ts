import type { Atom } from "./atoms.ts";
import type { NeedingActs } from "./cluster.ts";
import { isOfChange } from "./needs.ts";

/** What locks rows, and why a person should decide about it; left out: it may be proposed. */
export type LockingActs = NeedingActs & {
  readonly lockReason?: string;
  /** Whether nothing is known that could be granted for it. */
  readonly isUngrantable?: boolean;
};

const changing: ReadonlySet<string> = new Set(["insert", "update", "delete"]);

/** The tables whose rows a statement locks (FOR UPDATE) and does not change: it may, where it could change them. */
export function lockedTables(atoms: readonly Atom[]): ReadonlySet<string> {
  const changes = atoms.some(([kind, what]) => kind === "statement" && changing.has(what));
  return new Set(changes ? [] : atoms.filter(isOfChange).map(([, table]) => table as string));
}

/**
 * Has row locks need a column that other statements update anyway, so that a lock alone grants no change that nobody made.
 * @returns the same acts; of a lock that nothing else would permit, why it is set apart
 */
export function withLocks(all: readonly NeedingActs[]): readonly LockingActs[] {
  const updated = new Map<string, Atom>();
  for (const { needs } of all)
    if (lockedTables(needs.atoms).size === 0)
      for (const atom of needs.atoms)
        if (atom[0] === "column" && atom[2] === "update" && !updated.has(atom[1])) updated.set(atom[1], atom);
  return all.map((each) => {
    const locked = [...lockedTables(each.needs.atoms)];
    if (locked.length === 0) return each;
    const instead = locked.map((table): Atom => updated.get(table) ?? ["column", table, "update", "id"]);
    const atoms: readonly Atom[] = [
      ["statement", "update"],
      ...each.needs.atoms.filter((atom) => !isOfChange(atom)),
      ...instead,
    ];
    const unchanged = locked.filter((table) => !updated.has(table));
    const lockReason =
      unchanged.length > 0
        ? `it locks rows of ${unchanged.join(", ")}, which takes the right to update or delete them, and nothing else of this does`
        : `it locks rows of ${locked.join(", ")} without a key, which takes the right to update them so`;
    const isProposed = unchanged.length === 0 && each.needs.requiresWhere;
    return {
      ...each,
      needs: { ...each.needs, atoms },
      ...(isProposed ? {} : { lockReason, isUngrantable: unchanged.length > 0 }),
    };
  });
}
