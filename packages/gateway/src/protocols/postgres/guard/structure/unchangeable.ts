import { GuardDenied } from "../denied.ts";
import type { Changes } from "./changes.ts";
import { showsEveryRow } from "./structure.ts";

/** What a statement is held to: plain names, the part of the catalogue that is granted, or all of it without values. */
export type HeldTo = "names" | "part" | "no values";

/** What the statements of one text are held to, by what has to be changed in them. */
export function heldTo(changes: readonly Changes[]): HeldTo {
  if (changes.every(({ asksCatalogue }) => !asksCatalogue)) return "names";
  const isWhole = changes.every(
    ({ items, values }) => values.size === 0 && [...items.values()].every(showsEveryRow),
  );
  return isWhole ? "no values" : "part";
}

/** Why a statement is denied that cannot be changed where it has to be, and how to write it. */
export function unchangeable(held: HeldTo): GuardDenied {
  if (held === "no values")
    return new GuardDenied(
      "catalog",
      "pg_attribute and pg_sequences are shown without values, and this statement is written in a way that cannot be held to that",
      "write SELECT … FROM the relation, without ONLY and *",
      "correct",
    );
  if (held === "names")
    return new GuardDenied(
      "grammar",
      "a name of this statement is written in a way that cannot be changed where it has to be",
      "write names plainly, and GROUP BY a position",
      "correct",
    );
  return new GuardDenied(
    "catalog",
    "the catalogue is shown in part, and this statement is written in a way that cannot be held to that part",
    "write SELECT … FROM the relation, and casts as value::type; or ask for an operation with catalog: true",
  );
}
