import { boundedApart } from "../../../gate/inventory/bounds.ts";
import { evidenceOf } from "../../../gate/inventory/evidence.ts";
import type { SetApart } from "../../../gate/inventory/inventory.ts";
import type { Names } from "../../../gate/inventory/operation-names.ts";
import { type Candidate, distinct, togetherBy } from "./candidate.ts";
import { candidatesOf } from "./candidates.ts";
import { commandScope } from "./commands-in-pods.ts";
import { draftsOf } from "./drafts.ts";
import type { Item, Left } from "./items.ts";
import { loadedScope } from "./need.ts";
import { shownRequest } from "./shown.ts";

/** How many requests an entry of what is set apart shows. */
const MAX_EXAMPLES = 3;
/** The most commands of a draft: nobody reads more. */
const MAX_COMMANDS = 100;

/** Puts what is left together by its reason and by what could cover it. */
export function setApart(left: readonly Left[], names: Names): readonly SetApart[] {
  const entries = togetherBy(left, ({ reason }) => reason).flatMap((all) => entriesOf(all));
  // Names are taken for those that are shown.
  return boundedApart(entries.map(({ entry }) => entry)).map((entry) => {
    const candidate = entries.find((each) => each.entry === entry)?.candidate;
    const [draft] = candidate === undefined ? [] : draftsOf([candidate], names);
    if (draft === undefined || loadedScope(draft.scope) === undefined) return entry;
    return { ...entry, draft: { ...draft, risk: "high" } };
  });
}

interface Entry {
  readonly entry: SetApart;
  readonly candidate?: Candidate;
}

function entriesOf(all: readonly Left[]): readonly Entry[] {
  const [{ reason }] = all as readonly [Left, ...Left[]];
  const entryOf = (some: readonly Pick<Left, "seen">[]): SetApart => ({
    reason,
    evidence: evidenceOf(some.map(({ seen }) => seen)),
    examples: distinct(some.slice(0, 100).map(({ seen }) => shownRequest(seen.act))).slice(0, MAX_EXAMPLES),
  });
  const uncovered = all.filter(({ need }) => need === undefined);
  const commands = all.flatMap(({ seen, need, command }) =>
    need?.kind === "command" ? [{ seen, need, command: command ?? need.argv }] : [],
  );
  const items = all.flatMap(({ seen, need }): readonly Item[] =>
    need === undefined || need.kind === "command" ? [] : [{ seen, need }],
  );
  const candidates = candidatesOf(items, []);
  const covered = new Set(candidates.flatMap((each) => each.items));
  const without = [...uncovered, ...items.filter((item) => !covered.has(item))];
  return [
    ...(without.length === 0 ? [] : [{ entry: entryOf(without) }]),
    ...candidates.map((each) => ({ entry: entryOf(each.items), candidate: masked(each) })),
    ...togetherBy(commands, ({ need: { namespace, pod, container, stdin, terminal } }) => [
      namespace,
      pod,
      container,
      stdin,
      terminal,
    ]).map((of) => withDraft(entryOf(of), ofCommands(of))),
  ];
}

const withDraft = (entry: SetApart, candidate: Candidate | undefined): Entry =>
  candidate === undefined ? { entry } : { entry, candidate };

/** A draft that reads secrets shows none of their values: whoever needs those takes the mask away. */
function masked(candidate: Candidate): Candidate {
  const { kind, about, scope } = candidate;
  if (kind !== "read" || about.join(" ") !== "secrets") return candidate;
  const verbs = (scope["verbs"] as readonly string[]).filter((verb) => verb !== "watch");
  // What is watched cannot be masked.
  if (verbs.length === 0) return candidate;
  return { ...candidate, scope: { ...scope, verbs, mask: { secrets: ["data", "stringData"] } } };
}

function ofCommands(
  all: readonly (Item & {
    readonly need: Item["need"] & { kind: "command" };
    readonly command: readonly string[];
  })[],
): Candidate | undefined {
  const [{ need }] = all as readonly [(typeof all)[number], ...typeof all];
  const commands = togetherBy(all, ({ command }) => command).flatMap(([one]) =>
    one === undefined ? [] : [one.command],
  );
  if (commands.length > MAX_COMMANDS) return undefined;
  return {
    kind: "run",
    scope: commandScope(need, [need.pod], commands),
    items: all,
    about: distinct(commands.map(([program = ""]) => program)),
    namespaces: [need.namespace],
    names: [need.pod],
  };
}
