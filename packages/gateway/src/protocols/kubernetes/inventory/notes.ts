import { listed, type NeededPart, rareUses } from "../../../gate/inventory/notes.ts";
import type { Candidate } from "./candidate.ts";
import { shownCommand } from "./commands.ts";
import type { Item } from "./items.ts";
import { isQuestion, isWorkload } from "./reasons.ts";

/** What whoever reads an operation should look at. */
export function notesOf(candidate: Candidate): readonly string[] {
  const { items, names } = candidate;
  const everybody = new Set(items.flatMap(({ seen }) => [...seen.by.keys()]));
  return [
    ...rareUses(
      items.flatMap((item) => partsOf(item, names !== undefined)),
      everybody,
    ),
    ...namesNotes(candidate),
    ...creationNotes(candidate),
    ...commandNotes(candidate),
    ...writeNotes(candidate),
    ...(names === undefined || candidate.kind !== "run"
      ? []
      : ["a log tells no labels of pods: pods: { app: NAME } is narrower than names"]),
  ];
}

/** The parts of a scope that a request needed. */
function partsOf({ need, seen }: Item, areListed: boolean): readonly NeededPart[] {
  if (need.kind === "command") {
    const words = shownCommand(need.argv);
    return [{ key: `command ${words}`, words, seen }];
  }
  if (need.kind === "port") {
    const words = `port ${String(need.port)}`;
    return [{ key: words, words, seen }];
  }
  const { what, verb, namespace = "", name } = need;
  return [
    {
      key: `${verb} ${what} ${namespace}`,
      words: `${verb} on ${what}${namespace === "" ? "" : ` in ${namespace}`}`,
      seen,
    },
    ...(name === undefined || !areListed ? [] : [{ key: `name ${name}`, words: name, seen }]),
  ];
}

function namesNotes({ names, items, kind }: Candidate): readonly string[] {
  const seen = new Set(
    items.flatMap(({ need }) => (need.kind === "object" && need.name !== undefined ? [need.name] : [])),
  );
  const isListed = items.some(
    ({ need }) => need.kind === "object" && (need.verb === "list" || need.verb === "watch"),
  );
  if (names === undefined)
    return isListed || seen.size === 0 || kind === "create"
      ? []
      : [`any name passes, also of what has nothing to do with it: ${seen.size} were seen`];
  return listed(
    "any text passes where a name has a *, so that other names than these pass",
    names.filter((name) => name.includes("*")),
  );
}

/** A POST's path has no name, so that the judge takes it of a scope without `names` alone. What only asks makes nothing. */
function creationNotes({ kind, items }: Candidate): readonly string[] {
  const isFree = items.some(
    ({ need }) => need.kind === "object" && need.name === undefined && !isQuestion(need.what),
  );
  return kind === "create" && isFree
    ? ["no scope can limit the name of what a POST creates: any name passes"]
    : [];
}

function commandNotes({ scope, kind }: Candidate): readonly string[] {
  if (kind !== "run") return [];
  const { commands } = (scope as { readonly exec: { readonly commands: readonly (readonly string[])[] } })
    .exec;
  return listed(
    "any text without / passes where an argument has a *",
    commands
      .filter((command) => command.some((part) => part.includes("*")))
      .map((command) => command.join(" ")),
  );
}

/** Whether something runs by what is written there: pods, and what is not Kubernetes' own. */
const mayRun = (what: string): boolean =>
  isWorkload(what) || (/\..*\./u.test(what) && !what.includes("/") && !what.endsWith(".k8s.io"));

function writeNotes({ items, kind, about }: Candidate): readonly string[] {
  if (kind !== "create" && kind !== "change") return [];
  const isUnseen = items.some(({ need }) => need.kind === "object" && need.isUnseen && mayRun(need.what));
  return [
    ...listed(
      "whoever writes one runs any program in it, with the secrets that its namespace has",
      about.filter(isWorkload),
    ),
    ...(isUnseen
      ? [
          "the source does not show what was written: where it runs as another service account than default, add service_accounts",
        ]
      : []),
  ];
}
