import type { Atom } from "./atoms.ts";
import type { NeedingActs } from "./cluster.ts";
import { countingFunctions } from "../guard/found/computing.ts";
import { sensitivityOf } from "../../../gate/inventory/sensitive.ts";
import type { DatabaseStructure } from "./structure.ts";

/** Why a person should decide about a statement first; undefined: nothing speaks against proposing it. */
export function reasonAgainst(
  { needs: { atoms }, seen }: NeedingActs,
  structure: DatabaseStructure | undefined,
  minSeen: number,
): string | undefined {
  const reasons = atoms.flatMap((atom) => reasonOf(atom, structure) ?? []);
  if (reasons.length > 0) return [...new Set(reasons)].join("; ");
  if (seen.times >= minSeen) return undefined;
  return `each kind of statement was seen fewer than ${minSeen} times`;
}

function reasonOf(atom: Atom, structure: DatabaseStructure | undefined): string | undefined {
  if (atom[0] === "name" && (atom[1] === "functions" || atom[1] === "procedures"))
    return countingFunctions.has(atom[2]) ? undefined : reasonOfFunction(atom[2]);
  if (atom[0] === "catalog" && atom[1] === "all")
    return "it reads the structure of everything in the database";
  if (atom[0] === "temporary") return "it uses a name that somebody gave to a temporary table";
  if (atom[0] === "column" && atom[2] === "select" && sensitivityOf(atom[3]) === "secret")
    return `${atom[1]}.${atom[3]} looks secret`;
  if (atom[0] !== "whole" || atom[2] !== "select") return undefined;
  const columns = structure?.columns.get(atom[1]);
  if (columns === undefined)
    return `every column of ${atom[1]}, and nobody has said which it has: pg_dump --schema-only and --schema tell`;
  const sensitive = columns.filter((column) => sensitivityOf(column) !== undefined);
  if (sensitive.length === 0) return undefined;
  return `every column of ${atom[1]}, and some look personal or secret: ${sensitive.slice(0, 5).join(", ")}`;
}

const reasonOfFunction = (name: string): string =>
  name.startsWith("pg_catalog.")
    ? `${name} does more than compute`
    : `what ${name} does inside is yours to know`;
