import type { KubernetesAct } from "../act.ts";
import { readText } from "../trial.ts";

/** A request as a source tells of it. */
export interface SeenRequest {
  /** What a write writes is `none` where no source shows it. */
  readonly act: KubernetesAct;
  /** Whether it made an object that was not there, by a PUT or a PATCH. */
  readonly made: boolean;
}

/** The line of an act that says so. */
const CREATED = "created: true";

/**
 * Reads an act.
 * @param text as `trial` takes it, with a line `created: true` where a PUT or a PATCH made what was not there
 */
export function readSeen(text: string): SeenRequest {
  const gap = text.indexOf("\n\n");
  const head = (gap === -1 ? text : text.slice(0, gap)).split("\n");
  const made = head.includes(CREATED);
  const plain = made
    ? `${head.filter((line) => line !== CREATED).join("\n")}${gap === -1 ? "" : text.slice(gap)}`
    : text;
  return { act: readText(plain) ?? unreadable(head[0] ?? ""), made };
}

function unreadable(line: string): KubernetesAct {
  const [method = "", target = ""] = line.split(" ");
  return { method, target, headers: [], body: { kind: "none" }, request: { why: "it is no request" } };
}
