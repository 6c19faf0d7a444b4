import { actWords } from "../act-words.ts";
import type { KubernetesAct } from "../act.ts";
import type { ResourceRequest } from "../request/read.ts";
import { shownCommand } from "./commands.ts";
import { patternOf } from "./names.ts";
import { readSeen } from "./seen-request.ts";

/** The longest line, in characters. */
const MAX_SHOWN = 200;

/** A request as the kubectl command that makes it, or in words where there is none; names by their patterns, without values. */
export function shownRequest(text: string): string {
  const { act } = readSeen(text);
  return shownAct(act).slice(0, MAX_SHOWN);
}

function shownAct(act: KubernetesAct): string {
  const { request, method, target } = act;
  // Of what names nothing of the API the path alone: its query may hold anything.
  if ("why" in request) return `${method} ${pathOf(target)}`;
  if (request.kind === "discovery") return actWords(act);
  const { name, exec } = request;
  const pattern = name === undefined ? undefined : patternOf(name);
  const named = { ...request, ...(pattern === undefined ? {} : { name: pattern }) };
  // A pattern is quoted as an argument would be.
  const wordsOf = (one: typeof named): string =>
    actWords({ ...act, request: one }).replace(JSON.stringify(pattern ?? ""), pattern ?? "");
  if (!isCommand(request)) return plainWords(named);
  if (exec === undefined || "why" in exec) return wordsOf(named);
  const words = wordsOf({ ...named, exec: { ...exec, argv: [] } });
  const ways = [...(exec.stdin ? ["-i"] : []), ...(exec.terminal ? ["-t"] : [])];
  return [words.replace(/ --$/u, ""), ...ways, "--", shownCommand(exec.argv)].join(" ");
}

/** Parts of objects that kubectl has commands of their own for. */
const entered: ReadonlySet<string> = new Set(["exec", "attach", "portforward", "log"]);

/** Whether there is a kubectl command that is called as `actWords` says it. */
const isCommand = ({ verb, subresource }: ResourceRequest): boolean =>
  subresource === undefined ? verb !== "deletecollection" : entered.has(subresource);

/** `deletecollection of pods in shop`, `patch deployments/scale web in shop` */
function plainWords({ verb, resource, subresource, name, namespace }: ResourceRequest): string {
  const what = subresource === undefined ? `of ${resource}` : `${resource}/${subresource}`;
  return [
    verb,
    what,
    ...(name === undefined ? [] : [name]),
    ...(namespace === undefined ? [] : ["in", namespace]),
  ].join(" ");
}

const pathOf = (target: string): string => (target.split("?", 1)[0] ?? "").slice(0, 100);
