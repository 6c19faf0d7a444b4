import { saysAct } from "./arguments.ts";
import { wordsOf } from "./words-of-names.ts";
import type { Given } from "./need.ts";
import type { ToolAnnotations } from "./definitions.ts";

/** What a call does, the worst last. */
export const kinds = ["read", "write", "delete"] as const;
export type Kind = (typeof kinds)[number];

const verbs: ReadonlyMap<string, Kind> = new Map([
  ..."get list search find read fetch describe show view lookup look query count check browse inspect retrieve summarize explain compare validate diff head tail stat ls cat whoami resolve analyze preview convert calculate translate"
    .split(" ")
    .map((verb) => [verb, "read"] as const),
  ..."create add new insert update set edit change modify write put post patch append save send publish push upload submit open close reopen start stop restart move copy rename merge assign unassign comment reply approve reject cancel archive restore enable disable fork import sync register subscribe unsubscribe invite grant share lock unlock mark click type fill press navigate book pay refund transfer deploy apply rollback scale trigger request schedule manage dispatch upsert replace star follow run execute exec eval evaluate invoke call"
    .split(" ")
    .map((verb) => [verb, "write"] as const),
  ..."delete remove destroy drop purge erase wipe truncate terminate kill revoke uninstall clear reset"
    .split(" ")
    .map((verb) => [verb, "delete"] as const),
]);

/** Last words of tools that only tell: `git_status`. */
const asked = /^(?:log|logs|status|info|version|history|diff)$/;

/** Verbs that count wherever they stand. */
const goesOn =
  /^(?:replace|write|insert|delete|remove|destroy|drop|purge|erase|wipe|truncate|terminate|kill|revoke|uninstall|reset|exec|execute)$/;

export const isVerb = (word: string): boolean => verbs.has(word);

export const worst = (all: readonly Kind[]): Kind | undefined => kinds.findLast((kind) => all.includes(kind));

/** What the words of a name say is done; undefined: they do not say. */
export function kindOfWords(name: string): Kind | undefined {
  const words = wordsOf(name);
  const parts = words.join(" ").split(/ (?:and|or|then) /u);
  return worst(
    parts.flatMap((part) => {
      const [first = "", ...others] = part.split(" ");
      // Most names begin with the verb, some end with it: `issue_read`.
      // `find_replace`, `get_and_delete`: what begins as a read may go on.
      const further = worst(others.flatMap((word) => (goesOn.test(word) ? (verbs.get(word) ?? []) : [])));
      const known = further ?? verbs.get(first) ?? worst(others.flatMap((word) => verbs.get(word) ?? []));
      return known ?? (asked.test(others.at(-1) ?? "") ? "read" : []);
    }),
  );
}

/** Which of a tool's acts its arguments say are meant; none: they do not say. */
export const actsOf = (given: Given): readonly string[] =>
  Object.entries(given).flatMap(([name, value]) => {
    if (!saysAct(name)) return [];
    const said: readonly unknown[] = Array.isArray(value) ? value : [value];
    return said.filter((each) => typeof each === "string");
  });

/** What a name without a verb that is known is taken for. */
const UNKNOWN: Kind = "write";

/**
 * What a call does, by the tool's name, by the argument that says which of its acts is meant, and by what the server says of the
 * whole tool: the worst of them. A server's word makes nothing harmless that the names call otherwise (MCP, "Tools: Annotations").
 */
export function kindOf(tool: string, given: Given, annotations: ToolAnnotations): Kind {
  const acts = actsOf(given);
  const byAct = worst(acts.map((act) => kindOfWords(act) ?? UNKNOWN));
  // A tool that manages something does what its argument says.
  const byName = byAct !== undefined && tool.startsWith("manage") ? undefined : kindOfWords(tool);
  const { readOnlyHint, destructiveHint } = annotations;
  // Of a tool that does several things they say what the worst is.
  const isDestructive = byAct === undefined && destructiveHint === true;
  const isWriting = byAct === undefined && readOnlyHint === false;
  const told: readonly (Kind | undefined)[] = [
    byName,
    byAct,
    isDestructive ? "delete" : undefined,
    isWriting ? "write" : undefined,
  ];
  const known = kinds.findLast((kind) => told.includes(kind));
  return known ?? (readOnlyHint === true ? "read" : UNKNOWN);
}
