import { atomKey, type Atom } from "./atoms.ts";
import { listed, rareUses } from "../../../gate/inventory/notes.ts";
import type { NeedingActs } from "./cluster.ts";
import { isOfChange } from "./needs.ts";

/**
 * What whoever reads an operation should look at: what was needed once, what one of several users alone needed, and columns of
 * which nobody knows whose they are.
 */
export function notesOf(members: readonly NeedingActs[]): readonly string[] {
  const everybody = new Set(members.flatMap(({ seen }) => [...seen.by.keys()]));
  const parts = members.flatMap(({ seen, needs }) =>
    needs.atoms
      .filter((atom) => atom[0] !== "statement")
      .map((atom) => ({ key: atomKey(atom), words: wordsOf(atom), seen })),
  );
  const isKeyless = members.some(({ needs }) => !needs.requiresWhere && needs.atoms.some(isOfChange));
  return [
    ...(isKeyless
      ? ["no key of one column says which rows change, so that require_where cannot be said"]
      : []),
    ...rareUses(parts, everybody),
    ...listed(
      "columns that nobody has said the table has",
      members.flatMap(({ needs }) =>
        needs.atoms.filter((atom) => needs.uncertain.has(atomKey(atom))).map((atom) => wordsOf(atom)),
      ),
    ),
  ];
}

function wordsOf(atom: Atom): string {
  if (atom[0] === "column") return `${atom[1]}.${atom[3]}`;
  if (atom[0] === "key") return `${atom[1]}.${atom[2]}`;
  if (atom[0] === "whole" || atom[0] === "table") return `${atom[2]} of ${atom[1]}`;
  return atom[0] === "name" ? atom[2] : atom[0];
}
