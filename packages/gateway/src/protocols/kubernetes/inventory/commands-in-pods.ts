import { type Candidate, distinct, togetherBy } from "./candidate.ts";
import { commandsOf } from "./commands.ts";
import { isFamiliar, UNFAMILIAR } from "./familiar.ts";
import type { Item, Left } from "./items.ts";
import type { CommandNeed } from "./need.ts";

/** Commands of one container of pods that are named alike. */
interface Place {
  readonly need: CommandNeed;
  readonly commands: readonly (readonly string[])[];
  readonly items: readonly Item<CommandNeed>[];
}

/** Operations that run commands: pods are together where the same commands were run in the same way. @param left gets what no pattern covers */
export function commandCandidates(items: readonly Item<CommandNeed>[], left: Left[]): readonly Candidate[] {
  const places = togetherBy(items, ({ need: { namespace, pod, container, stdin, terminal } }) => [
    namespace,
    pod,
    container,
    stdin,
    terminal,
  ]).flatMap((of) => placeOf(of, left));
  return togetherBy(places, ({ need: { namespace, container, stdin, terminal }, commands }) => [
    namespace,
    container,
    stdin,
    terminal,
    commands,
  ]).map(candidateOf);
}

function placeOf(of: readonly Item<CommandNeed>[], left: Left[]): readonly Place[] {
  const { patterns, apart } = commandsOf(of.map((item) => ({ argv: item.need.argv, of: item })));
  for (const { reason, pattern, isTooMany, of: those } of apart) {
    const harmless = isTooMany === true ? { isHarmless: isTooMany } : {};
    for (const { seen, need } of those)
      left.push(
        pattern === undefined ? { reason, seen, ...harmless } : { reason, seen, need, command: pattern },
      );
  }
  const known = patterns.filter((each) => isFamiliar(each.pattern));
  for (const each of patterns)
    if (!known.includes(each))
      for (const { seen, need } of each.of) left.push({ reason: UNFAMILIAR, seen, need, command: need.argv });
  const [first] = of;
  if (known.length === 0 || first === undefined) return [];
  return [
    {
      need: first.need,
      commands: known.map(({ pattern }) => pattern),
      items: known.flatMap(({ of: those }) => those),
    },
  ];
}

function candidateOf(places: readonly Place[]): Candidate {
  const [{ need, commands }] = places as readonly [Place, ...Place[]];
  const names = distinct(places.map(({ need: { pod } }) => pod));
  return {
    kind: "run",
    scope: commandScope(need, names, commands),
    items: places.flatMap(({ items }) => items),
    about: distinct(commands.map(([program = ""]) => program)),
    namespaces: [need.namespace],
    names,
  };
}

/** The scope that runs commands in pods, as a configuration writes it. */
export function commandScope(
  { namespace, container, stdin, terminal }: CommandNeed,
  names: readonly string[],
  commands: readonly (readonly string[])[],
): Readonly<Record<string, unknown>> {
  return {
    exec: {
      namespaces: [namespace],
      names,
      containers: [container],
      commands,
      ...(stdin ? { stdin } : {}),
      ...(terminal ? { terminal } : {}),
    },
  };
}
