import { listed, rareUses } from "../../../gate/inventory/notes.ts";
import type { McpTarget } from "../target.ts";
import type { Unit } from "./unit.ts";

/** What whoever reads an operation should look at. @param target undefined: it is not configured yet */
export function notesOf(cluster: readonly Unit[], target: unknown): readonly string[] {
  const everybody = new Set(cluster.flatMap(({ acts }) => acts.flatMap(({ by }) => [...by.keys()])));
  return [
    ...rareUses(
      cluster.flatMap(({ parts }) => parts),
      everybody,
    ),
    ...listed(
      "takes any text",
      cluster.flatMap(({ anyText }) => anyText),
    ),
    ...listed("refused until mayflyd pin accepts it", unpinned(cluster, target)),
  ];
}

/** Tools that the connection has no pin of. */
function unpinned(cluster: readonly Unit[], target: unknown): readonly string[] {
  const pins = (target as Partial<McpTarget> | undefined)?.pins;
  if (pins === undefined) return [];
  const tools = cluster.flatMap(({ scope }) => Object.keys(scope.tools ?? {}));
  return tools.filter((name) => !Object.hasOwn(pins, name));
}
