import type { OperationDraft } from "../../../gate/inventory/inventory.ts";
import type { Names } from "../../../gate/inventory/operation-names.ts";
import type { ScopePart, Unit } from "./unit.ts";

/** The most units of one operation. */
const MAX_UNITS = 50;

/** Puts together what may be in one operation. */
export function clustersOf(units: readonly Unit[]): readonly (readonly Unit[])[] {
  return [...Map.groupBy(units, ({ about }) => about).values()].flatMap(inSteps);
}

function inSteps(cluster: readonly Unit[]): readonly (readonly Unit[])[] {
  if (cluster.length <= MAX_UNITS) return [cluster];
  return [cluster.slice(0, MAX_UNITS), ...inSteps(cluster.slice(MAX_UNITS))];
}

/** All parts in one scope, as a configuration writes it. */
export function scopeOf(parts: readonly ScopePart[]): ScopePart {
  const tools = Object.assign({}, ...parts.map((part) => part.tools)) as Readonly<Record<string, unknown>>;
  const resources = [...new Set(parts.flatMap((part) => part.resources ?? []))].toSorted();
  const prompts = [...new Set(parts.flatMap((part) => part.prompts ?? []))].toSorted();
  return {
    ...(Object.keys(tools).length === 0 ? {} : { tools }),
    ...(resources.length === 0 ? {} : { resources }),
    ...(prompts.length === 0 ? {} : { prompts }),
  };
}

const risks = ["low", "medium", "high"] as const;

/** What a draft is made from. */
export interface Drafted extends Pick<Unit, "words" | "together" | "risk" | "scope"> {
  /** What it lets through beyond what was seen, for people. */
  readonly beyond?: string;
}

/** The operation that covers a cluster, its name taken. */
export function draftOf(cluster: readonly Drafted[], names: Names): OperationDraft {
  // All things, where some are about one alone: `read orders`.
  const [words = ""] = cluster
    .map((unit) => (cluster.length === 1 ? unit.words : unit.together))
    .toSorted((one, other) => other.length - one.length || (one < other ? -1 : 1));
  const risk = risks.findLast((each) => cluster.some((unit) => unit.risk === each)) ?? "medium";
  return {
    name: names.take(nameOf(words)),
    description: `${words.slice(0, 1).toUpperCase()}${words.slice(1)}${cluster[0]?.beyond ?? ""}`,
    risk,
    scope: { ...scopeOf(cluster.map(({ scope }) => scope)) },
  };
}

const nameOf = (words: string): string =>
  words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^-+|-+$/gu, "")
    // A name begins with a letter.
    .replace(/^(?=[^a-z]|$)/u, "use-")
    .slice(0, 50)
    .replace(/-+$/u, "");
