import { atomKey, type Atom } from "./atoms.ts";
import type { NeedingActs } from "./cluster.ts";
import { isOfChange } from "./needs.ts";

/** Who needed a part of a scope, and how often. */
interface Use {
  readonly atom: Atom;
  times: number;
  readonly by: Set<string>;
  isUncertain: boolean;
}

/** How many parts of one kind a note names. */
const MAX_NAMED = 12;

/**
 * What whoever reads an operation should look at: what was needed once, what one of several users alone needed, and columns of
 * which nobody knows whose they are.
 */
export function notesOf(members: readonly NeedingActs[]): readonly string[] {
  const uses = new Map<string, Use>();
  const everybody = new Set<string>();
  for (const { seen, needs } of members) {
    for (const who of seen.by.keys()) everybody.add(who);
    for (const atom of needs.atoms) {
      const key = atomKey(atom);
      const use = uses.get(key) ?? { atom, times: 0, by: new Set<string>(), isUncertain: false };
      use.times += seen.times;
      for (const who of seen.by.keys()) use.by.add(who);
      use.isUncertain ||= needs.uncertain.has(key);
      uses.set(key, use);
    }
  }
  const all = [...uses.values()].filter(({ atom }) => atom[0] !== "statement");
  const rare = all.filter(({ times }) => times === 1);
  // Where most was needed once, that says nothing.
  const once = rare.length * 2 > all.length ? [] : rare;
  const ofOne = everybody.size > 1 ? all.filter(({ by, times }) => by.size === 1 && times > 1) : [];
  const isKeyless = members.some(({ needs }) => !needs.requiresWhere && needs.atoms.some(isOfChange));
  return [
    ...(isKeyless
      ? ["no key of one column says which rows change, so that require_where cannot be said"]
      : []),
    ...listed("needed once", once),
    ...[...Map.groupBy(ofOne, ({ by }) => [...by][0] ?? "")].flatMap(([who, theirs]) =>
      listed(`needed by ${who === "" ? "somebody without a name" : who} alone`, theirs),
    ),
    ...listed(
      "columns that nobody has said the table has",
      all.filter(({ isUncertain }) => isUncertain),
    ),
  ];
}

function listed(what: string, uses: readonly Use[]): readonly string[] {
  if (uses.length === 0) return [];
  const words = [...new Set(uses.map(({ atom }) => wordsOf(atom)))];
  const more = words.length > MAX_NAMED ? ` and ${words.length - MAX_NAMED} more` : "";
  return [`${what}: ${words.slice(0, MAX_NAMED).join(", ")}${more}`];
}

function wordsOf(atom: Atom): string {
  if (atom[0] === "column") return `${atom[1]}.${atom[3]}`;
  if (atom[0] === "key") return `${atom[1]}.${atom[2]}`;
  if (atom[0] === "whole" || atom[0] === "table") return `${atom[2]} of ${atom[1]}`;
  return atom[0] === "name" ? atom[2] : atom[0];
}
