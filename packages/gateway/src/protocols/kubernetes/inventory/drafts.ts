import type { OperationDraft } from "../../../gate/inventory/inventory.ts";
import type { Names } from "../../../gate/inventory/operation-names.ts";
import { singular } from "../../../gate/inventory/singular.ts";
import type { Candidate, Kind } from "./candidate.ts";
import { baseOf } from "./names.ts";
import { isQuestion, isWorkload } from "./reasons.ts";

/** Candidates with their names taken. @param taken those that no operation may have */
export function draftsOf(candidates: readonly Candidate[], taken: Names): readonly OperationDraft[] {
  const wanted = candidates.map(nameOf);
  return candidates.map((candidate, at) => {
    const name = wanted[at] ?? "";
    const isShared = wanted.filter((each) => each === name).length > 1;
    const [namespace, ...others] = candidate.namespaces;
    const where = isShared && namespace !== undefined && others.length === 0 ? `-in-${namespace}` : "";
    return {
      name: taken.take(asName(`${name}${where}`)),
      description: descriptionOf(candidate),
      risk: riskOf(candidate),
      scope: candidate.scope,
    };
  });
}

/** How many things a name names; more than these have one word. */
const FEW = 2;

function nameOf(candidate: Candidate): string {
  const { kind, about, names = [], namespaces } = candidate;
  const [name] = names;
  const one = names.length === 1 && name !== undefined ? baseOf(name) : "";
  if (kind === "forward") return one === "" ? "forward-ports" : `forward-to-${one}`;
  const things =
    kind === "run"
      ? about.map((program) => program.slice(program.lastIndexOf("/") + 1))
      : about.map((what) => (kind !== "read" && one !== "" ? singular(thingOf(what)) : thingOf(what)));
  if (things.length > FEW) {
    const all =
      namespaces.length === 1 ? (namespaces[0] ?? "") : namespaces.length === 0 ? "cluster" : "objects";
    return kind === "run" ? `run-commands${one === "" ? "" : `-in-${one}`}` : `${kind}-${all}`;
  }
  const words = `${kind}-${things.join("-and-")}`;
  if (kind === "run") return one === "" ? words : `${words}-in-${one}`;
  return kind === "read" || one === "" ? words : `${words}-${one}`;
}

/** `deployments.apps/scale` → `deployment-scale`, `pods/log` → `pod-logs` */
function thingOf(what: string): string {
  const [resource = "", part] = what.split("/");
  const [plural = ""] = resource.split(".");
  if (part === undefined) return plural;
  return `${singular(plural)}-${part === "log" ? "logs" : part}`;
}

const asName = (words: string): string =>
  words
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/gu, "-")
    .replaceAll(/^-+|-+$/gu, "")
    .slice(0, 50)
    .replace(/-+$/u, "");

/** How many of each a description names. */
const NAMED = 6;

function listOf(words: readonly string[]): string {
  const more = words.length - NAMED;
  return more > 0 ? `${words.slice(0, NAMED).join(", ")} and ${more} more` : words.join(", ");
}

const verbs: Readonly<Record<Kind, string>> = {
  read: "Read",
  create: "Create",
  change: "Change",
  delete: "Delete",
  run: "Run",
  forward: "Forward ports of",
};

function descriptionOf({ kind, about, names, namespaces }: Candidate): string {
  const where = namespaces.length === 0 ? "the cluster" : listOf(namespaces);
  const which = names === undefined ? "" : ` ${listOf(names)}`;
  if (kind === "forward") return `${verbs.forward} pods${which} in ${where}`;
  if (kind === "run") return `${verbs.run} ${listOf(about)} in pods${which} in ${where}`;
  return `${verbs[kind]} ${listOf(about.map((what) => what.replace(/\.[^/]*/u, "")))}${which} in ${where}`;
}

function riskOf({ kind, about, namespaces }: Candidate): OperationDraft["risk"] {
  if (kind === "read") return namespaces.length === 0 ? "medium" : "low";
  if (kind === "run" || kind === "delete") return "high";
  if (about.every(isQuestion)) return "low";
  return about.some((what) => isWorkload(what) || what === "pods/eviction") ? "high" : "medium";
}
